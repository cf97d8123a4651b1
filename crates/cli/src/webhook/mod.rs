//! `paymux webhook`: deliveries verified, signed and listened for.

mod listen;
mod message;

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use jiff::Timestamp;
use paymux::{Answer, Delivery, Event, Inquiry, Provenance, WebhookError};
use serde_json::{Value, json};

use crate::args::{WebhookCommand, WebhookSignArgs, WebhookVerifyArgs};
use crate::exit::{Exit, Failure};
use crate::gateways::load;
use crate::output::{self, Output};
use crate::table::{BAD, Cell, GOOD, Table, WARN, paint};

/// Runs one of the commands.
pub(crate) async fn command(config: &Path, command: WebhookCommand, as_json: bool) -> Exit {
    let result = match command {
        WebhookCommand::Verify(args) => verify(config, &args),
        WebhookCommand::Sign(args) => return sign(config, &args, as_json),
        WebhookCommand::Listen(args) => listen::command(config, &args, as_json).await,
    };
    output::finish(as_json, result)
}

fn verify(config: &Path, args: &WebhookVerifyArgs) -> Result<Output, Failure> {
    let gateway = load(config)?.get(&args.on.gateway)?;
    let file = bytes(&args.file)?;
    let mut delivery = if args.header.is_empty() {
        message::read(&file)?
    } else {
        Delivery::new(http::HeaderMap::new(), file.into())
    };
    for text in &args.header {
        let (name, value) = message::header(text)?;
        delivery.headers.append(name, value);
    }
    if let Some(query) = &args.query {
        delivery.query = Some(query.clone());
    }
    delivery.received = args.received;
    match gateway.receive(&delivery) {
        Ok(event) => Ok(Output::done(table(&event).to_string(), data(&event))),
        Err(error) => Ok(refused(error)),
    }
}

/// Signs a body, and writes the delivery as `verify` reads it.
fn sign(config: &Path, args: &WebhookSignArgs, as_json: bool) -> Exit {
    let signed = load(config).and_then(|gateways| {
        let gateway = gateways.get(&args.on.gateway)?;
        let body = bytes(&args.file)?;
        gateway.sign(body.into()).map_err(|error| {
            let gateway = &args.on.gateway;
            Failure::input(format!("{gateway}: {error}"))
        })
    });
    let delivery = match signed {
        Ok(delivery) => delivery,
        Err(failure) => return output::finish(as_json, Err(failure)),
    };
    if as_json {
        let headers = delivery.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
            .collect();
        let body = String::from_utf8_lossy(&delivery.body);
        let data = json!({ "headers": headers, "body": body });
        return output::finish(true, Ok(Output::done(String::new(), data)));
    }
    let mut out = io::stdout().lock();
    match out.write_all(&message::write(&delivery)).and_then(|()| out.flush()) {
        Ok(()) => Exit::Done,
        Err(_) => Exit::Failed,
    }
}

/// Reads a file of any bytes; `-` is standard input.
fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let limit = u64::try_from(Delivery::BODY_LIMIT.saturating_mul(2)).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Ok(length) if u64::try_from(length).is_ok_and(|length| length < limit) => Ok(bytes),
        Ok(_) => Err(Failure::input(format!(
            "{}: it is too large for a webhook",
            path.display()
        ))),
        Err(error) => Err(Failure::input(format!("{}: {error}", path.display()))),
    }
}

fn refused(error: WebhookError) -> Output {
    let status = error.status();
    let probe = error == WebhookError::Probe;
    let (word, style) = if probe {
        ("not an event:", WARN)
    } else {
        ("refused:", BAD)
    };
    Output {
        text: format!("{} {error}; answer {}\n", paint(word, style), status.as_u16()),
        aside: String::new(),
        json: json!({ "verified": false, "error": error.to_string(), "status": status.as_u16() }),
        exit: match error {
            WebhookError::Probe => Exit::Done,
            WebhookError::NoSecret(_) | WebhookError::Unsupported => Exit::Bad,
            _ => Exit::Failed,
        },
    }
}

fn table(event: &Event) -> Table {
    let mut table = Table::default();
    let (trust, style) = match event.provenance() {
        Provenance::Signed => ("signed: the provider said it, once", GOOD),
        _ => ("a hint: anybody may have sent it", WARN),
    };
    table.row(["provenance".into(), Cell::styled(trust, style)]);
    table.row(["reported".into(), event.reported().into()]);
    let payment = event
        .payment()
        .map_or_else(|| "none named".to_owned(), ToString::to_string);
    table.row(["payment".into(), payment.into()]);
    let reference = event.reference().map_or("none named", |reference| reference.as_str());
    table.row(["reference".into(), reference.into()]);
    table.row(["deduplication key".into(), event.deduplication_key().into()]);
    let next = match event.inquiry() {
        Some(Inquiry::Payment(payment)) => {
            format!("paymux inquire --gateway {} --payment {payment}", payment.gateway())
        }
        Some(_) => "inquire by the reference, where the provider can search by it".to_owned(),
        None => "nothing to ask about".to_owned(),
    };
    table.row(["how it stands".into(), next.into()]);
    table
}

fn data(event: &Event) -> Value {
    json!({ "verified": true, "event": event })
}

/// How a payment stands, in one line.
fn standing(answer: &Answer) -> String {
    let amount = answer
        .payment
        .amount
        .map_or_else(String::new, |amount| format!(" of {amount}"));
    format!("{}{amount}", answer.payment.state)
}

/// Now, to the second.
fn clock() -> String {
    let now = Timestamp::now();
    now.strftime("%H:%M:%S").to_string()
}
