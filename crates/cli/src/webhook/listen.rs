//! `paymux webhook listen`: verified events as they come, until Ctrl-C or SIGTERM.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anstyle::Style;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use paymux::webhooks::{Acknowledgement, BoxError, Received, Verdict};
use serde_json::{Value, json};

use super::{clock, standing};
use crate::args::WebhookListenArgs;
use crate::exit::Failure;
use crate::gateways::load;
use crate::output::{self, Output};
use crate::stop::Stop;
use crate::table::{BAD, FAINT, GOOD, WARN, paint};

/// Listens until it is told to end.
pub(super) async fn command(config: &Path, args: &WebhookListenArgs, as_json: bool) -> Result<Output, Failure> {
    let gateways = Arc::new(load(config)?);
    let gateway = gateways.get(&args.on.gateway)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Failure::input(format!("--port {}: {error}", args.port)))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::Other(error.to_string()))?;
    // Whoever reads that it listens may end it at once.
    let mut stop = Stop::listen().map_err(|error| Failure::Other(format!("Ctrl-C cannot be waited for: {error}")))?;
    let url = format!("http://{address}/webhooks/{}", gateway.name());
    let started = json!({ "listening": url, "webhooks": gateway.capabilities().webhooks });
    print(as_json, &format!("Listening on {url} until Ctrl-C.\n"), &started)?;

    let confirms = args.confirm;
    let handler = move |received: Received| handle(received, confirms, as_json);
    let app = Router::new()
        .nest("/webhooks", paymux::axum::webhooks(gateways, handler))
        .layer(middleware::from_fn(move |request, next| {
            refusals(request, next, as_json)
        }));
    tokio::select! {
        served = axum::serve(listener, app).into_future() => {
            served.map_err(|error| Failure::Other(error.to_string()))?;
        }
        () = stop.told() => {}
    }
    Ok(Output::done(String::new(), json!({ "listening": Value::Null })))
}

async fn handle(received: Received, confirms: bool, as_json: bool) -> Result<(), BoxError> {
    let event = &received.event;
    let subject = match (event.payment(), event.reference()) {
        (Some(payment), _) => payment.to_string(),
        (None, Some(reference)) => reference.to_string(),
        (None, None) => "names no payment".to_owned(),
    };
    let mut data = json!({ "at": jiff::Timestamp::now().to_string(), "verdict": "accepted", "event": event });
    let mut text = line("accepted", GOOD, &format!("{}  {subject}", event.reported()));
    if confirms && event.inquiry().is_some() {
        let (what, value) = match received.confirm().await {
            Ok(answer) => (
                format!("it is {}", standing(&answer)),
                json!({ "payment": answer.payment }),
            ),
            Err(error) => (
                format!("it cannot be asked about: {error}"),
                json!({ "error": error.to_json() }),
            ),
        };
        text.push_str(&line("asked", FAINT, &what));
        if let Some(data) = data.as_object_mut() {
            data.insert("confirmed".to_owned(), value);
        }
    }
    print(as_json, &text, &data).map_err(|failure| failure.to_string().into())
}

/// Prints what was not handed to the handler.
async fn refusals(request: Request, next: Next, as_json: bool) -> Response {
    let response = next.run(request).await;
    let verdict = response.extensions().get::<Acknowledgement>().map(|ack| ack.verdict);
    let status = response.status().as_u16();
    let (word, style, what) = match verdict {
        Some(Verdict::Handled) => return response,
        Some(Verdict::Seen) => ("again", FAINT, "the same event was taken before".to_owned()),
        Some(Verdict::Refused(error)) => {
            let (word, style) = if status == 200 {
                ("no event", WARN)
            } else {
                ("refused", BAD)
            };
            (word, style, error.to_string())
        }
        Some(other) => ("failed", BAD, format!("{other:?}").to_lowercase()),
        None => ("refused", BAD, "no gateway listens there".to_owned()),
    };
    let data = json!({ "at": jiff::Timestamp::now().to_string(), "verdict": word, "why": what, "status": status });
    let _gone = print(
        as_json,
        &line(word, style, &format!("{what}; answered {status}")),
        &data,
    );
    response
}

fn line(word: &str, style: Style, what: &str) -> String {
    format!(
        "{}  {} {}\n",
        clock(),
        paint(&format!("{word:<9}"), style),
        paymux::visible(what)
    )
}

/// Prints one piece of news: a line of text, or a line of JSON.
fn print(as_json: bool, text: &str, data: &Value) -> Result<(), Failure> {
    let written = if as_json {
        output::compact(data)
    } else {
        output::now(text)
    };
    written.map_err(|error| Failure::Other(format!("standard output: {error}")))
}
