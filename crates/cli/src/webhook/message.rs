//! A delivery as a file: its headers, an empty line, and the body as it is, byte for byte.

use http::{HeaderMap, HeaderName, HeaderValue};
use paymux::Delivery;

use crate::exit::Failure;

/// Writes a delivery.
pub(super) fn write(delivery: &Delivery) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in &delivery.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&delivery.body);
    out
}

/// Reads a delivery. A first line as a request has it (`POST /path?query HTTP/1.1`) may stand before the headers.
pub(super) fn read(file: &[u8]) -> Result<Delivery, Failure> {
    let mut headers = HeaderMap::new();
    let mut query = None;
    let mut rest = file;
    let mut first = true;
    loop {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            let what = "the file must hold headers, an empty line and the body; with --header it holds the body alone";
            return Err(Failure::input(what));
        };
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let text = std::str::from_utf8(line).map_err(|_| Failure::input("a header must be text"))?;
        match request_target(text).filter(|_| first) {
            Some(target) => query = target.split_once('?').map(|(_, query)| query.to_owned()),
            None => {
                let (name, value) = header(text)?;
                headers.append(name, value);
            }
        }
        first = false;
    }
    let mut delivery = Delivery::new(headers, rest.to_vec().into());
    delivery.query = query;
    Ok(delivery)
}

/// Reads `Name: value`.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let wrong = || Failure::input(format!("a header must be `Name: value`, not `{text}`"));
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|_| wrong())?;
    let value = value.trim().parse().map_err(|_| wrong())?;
    Ok((name, value))
}

/// The second word of a request's first line.
fn request_target(line: &str) -> Option<&str> {
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(_), Some(target), Some(version), None) if version.starts_with("HTTP/") => Some(target),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", HeaderValue::from_static("ab: c"));
        headers.append("x-twice", HeaderValue::from_static("1"));
        headers.append("x-twice", HeaderValue::from_static("2"));
        let delivery = Delivery::new(headers, b"\r\n\r\nbody\n".as_slice().into());
        let again = read(&write(&delivery)).unwrap();
        assert_eq!((again.headers, again.body), (delivery.headers, delivery.body));
        let request = read(b"GET /hook?id=1&x HTTP/1.1\nHost: a\n\n").unwrap();
        assert_eq!(request.query.as_deref(), Some("id=1&x"));
        assert_eq!((request.headers.len(), request.body.len()), (1, 0));
        for wrong in [&b""[..], b"{\"id\":1}", b"no colon\n\n", b"a b: c\n\n", b"\xff: c\n\n"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
