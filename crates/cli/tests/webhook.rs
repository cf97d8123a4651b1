//! `paymux webhook`: what is signed is verified, what is altered is refused, and what comes over the wire is printed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use common::{Bench, binary, new_file, paymux, paymux_with_input};
use serde_json::Value;

const BODIES: [(&str, &str, &str); 4] = [
    ("coolpay", r#"{"id":7,"order_id":"Order7","accepted":true}"#, "7"),
    (
        "opp-v1",
        r#"{"type":"PAYMENT","payload":{"id":"8ac7a4a1","paymentType":"DB","result":{"code":"000.100.110"}}}"#,
        "8ac7a4a1",
    ),
    (
        "qolo",
        r#"{"event_type":"transfer.success","txn_guid":"0017d7fb"}"#,
        "0017d7fb",
    ),
    (
        "carry1st",
        r#"{"reference":"C-1-P","partnerReference":"order-1","status":"SUCCESSFUL"}"#,
        "C-1-P",
    ),
];

#[tokio::test]
async fn what_is_signed_is_verified_and_nothing_else() {
    let bench = Bench::start().await;
    let config = bench.config.to_str().unwrap();
    for (gateway, body, id) in BODIES {
        let on = |command: &str, file: &str, more: &[&str]| {
            let mut arguments = vec!["--config", config, "webhook", command, "--gateway", gateway, file];
            arguments.extend(more);
            paymux(&arguments)
        };
        let body = new_file("body.json", body);
        let signed = on("sign", body.to_str().unwrap(), &[]);
        assert_eq!(signed.code, 0, "{gateway}: {signed:?}");
        let file = new_file("delivery", &signed.out);
        let verified = on("verify", file.to_str().unwrap(), &["--json"]);
        assert_eq!(verified.code, 0, "{gateway}: {verified:?}");
        let json = verified.json();
        assert_eq!(json["event"]["provenance"], "signed", "{gateway}");
        assert!(
            json["event"]["payment"].as_str().unwrap().contains(id),
            "{gateway}: {json}"
        );

        let altered = new_file("altered", &signed.out.replace(id, &id.replace(['7', '1', 'C'], "2")));
        let altered = if signed.out.contains(id) {
            altered
        } else {
            new_file("altered", &format!("{}00", signed.out))
        };
        let refused = on("verify", altered.to_str().unwrap(), &["--json"]);
        assert_eq!(refused.code, 1, "{gateway}: {refused:?}");
        assert_eq!(refused.json()["status"], 401);
        let text = on("verify", file.to_str().unwrap(), &[]).out;
        assert!(text.contains("the provider said it, once"), "{text}");
    }
}

#[tokio::test]
async fn headers_may_be_given_apart_from_the_body() {
    let bench = Bench::start().await;
    let config = bench.config.to_str().unwrap();
    let verify = |input: &str, more: &[&str]| {
        let mut arguments = vec!["--config", config, "webhook", "verify", "--gateway", "carry1st", "-"];
        arguments.extend(more);
        paymux_with_input(&arguments, input)
    };
    let (_, body, _) = BODIES[3];
    let signed = paymux_with_input(
        &[
            "--config",
            config,
            "webhook",
            "sign",
            "--json",
            "--gateway",
            "carry1st",
            "-",
        ],
        body,
    );
    let headers: Vec<String> = signed.json()["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect();
    let mut more: Vec<&str> = headers.iter().flat_map(|header| ["--header", header]).collect();
    assert_eq!(verify(body, &more).code, 0);
    more.extend(["--received", "2026-01-02T03:04:05Z"]);
    let stale = verify(body, &more);
    assert_eq!(stale.code, 1, "{stale:?}");
    assert!(stale.out.contains("outside the tolerance"), "{stale:?}");
    assert_eq!(verify(body, &["--header", "no colon"]).code, 2);
    assert_eq!(verify("no header and no body", &[]).code, 2);
    let unknown = paymux(&["--config", config, "webhook", "verify", "--gateway", "nobody", "-"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

/// The listener's process; it ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn what_comes_is_printed_as_it_comes() {
    let bench = Bench::start().await;
    let config = bench.config.to_str().unwrap();
    let arguments = [
        "--config",
        config,
        "webhook",
        "listen",
        "--json",
        "--gateway",
        "coolpay",
        "--port",
        "0",
    ];
    let mut process = Process(binary(&arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let url = next()["listening"].as_str().unwrap().to_owned();
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let post = |delivery: &str| {
        let (head, body) = delivery.split_once("\r\n\r\n").unwrap();
        let length = body.len();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let (_, body, _) = BODIES[0];
    let signed = paymux_with_input(
        &["--config", config, "webhook", "sign", "--gateway", "coolpay", "-"],
        body,
    )
    .out;
    assert_eq!(post(&signed), "200");
    let accepted = next();
    assert_eq!(
        (&accepted["verdict"], &accepted["event"]["reference"]),
        (&"accepted".into(), &"Order7".into())
    );
    assert_eq!(post(&signed), "200");
    assert_eq!(next()["verdict"], "again");
    assert_eq!(post(&signed.replace("true", "null")), "401");
    let refused = next();
    assert_eq!(
        (&refused["verdict"], &refused["status"]),
        (&"refused".into(), &401.into())
    );
    assert!(
        !refused.to_string().contains("Order7"),
        "nothing of a forged body is printed"
    );
}
