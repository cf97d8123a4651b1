//! What can be watched: spans through OpenTelemetry, each written to standard output as it ends, and at the end all metrics as Prometheus would fetch
//! them. The providers are simulators on loopback. `docs/observability.md` says what each span and metric is.
//!
//! ```sh
//! cargo run -p metrics-and-spans
//! ```

use std::error::Error;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use paymux::{Card, Charge, Gateways, PaymentGateway, Source};
use paymux_simulator::coolpay::{CoolPay, Settings};
use paymux_simulator::qolo::{self, Qolo, seeds};
use paymux_simulator::serve::{Listener, Server};
use paymux_simulator::{Fault, Host, Matcher as Requests};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let prometheus = install_metrics()?;
    let traces = install_traces();

    let (coolpay, qolo) = (coolpay().await?, qolo().await?);
    let gateways = Gateways::from_toml(&format!(
        r#"
        [gateways.cards]
        provider = "coolpay"
        mode = "test"
        api_key = "sim-api-key"
        base_url = "{}"

        [gateways.bank]
        provider = "qolo"
        mode = "test"
        login_id = "sim-login"
        api_key = "sim-key"
        account_guid = "{}"
        program_guid = "{}"
        base_url = "{}"
        "#,
        coolpay.url(),
        seeds::ACCOUNT,
        seeds::PROGRAM,
        qolo.url(),
    ))?;

    let cards = gateways.get("cards")?;
    pay(cards.as_ref(), "order1001", "100.00 DKK", card("1000 0000 0000 0008")?).await?;
    pay(cards.as_ref(), "order1002", "100.00 DKK", card("1000 0000 0000 0016")?).await?;
    // One connection breaks, and what was asked is made again where it may be.
    coolpay.with(|host, _| host.faults.add(Requests::any(), Fault::Refuse));
    pay(cards.as_ref(), "order1003", "100.00 DKK", card("1000 0000 0000 0008")?).await?;
    // Behind this one there is a token's flight.
    let account = Source::Stored(format!("ach:{}", seeds::INSTRUMENT_ACH));
    pay(gateways.get("bank")?.as_ref(), "order1004", "25.00 USD", account).await?;

    traces.shutdown()?;
    println!("\n{}", prometheus.render());
    coolpay.stop();
    qolo.stop();
    Ok(())
}

/// A server of your own hands out [`PrometheusHandle::render`] under `/metrics`, or the exporter's feature `http-listener` serves it.
fn install_metrics() -> Result<PrometheusHandle, Box<dyn Error>> {
    let seconds = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .install_recorder()?;
    paymux::metrics::describe();
    Ok(handle)
}

/// In place of the exporter to standard output, one that speaks OTLP sends the same spans to a collector.
fn install_traces() -> SdkTracerProvider {
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(opentelemetry_stdout::SpanExporter::default())
        .build();
    let ours = Targets::new().with_target("paymux", LevelFilter::DEBUG);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    tracing_subscriber::registry().with(layer.with_filter(ours)).init();
    provider
}

async fn pay(gateway: &dyn PaymentGateway, reference: &str, amount: &str, from: Source) -> Result<(), Box<dyn Error>> {
    let answer = gateway
        .sale(Charge::new(reference.parse()?, amount.parse()?, from))
        .await?;
    println!("{reference} on {}: {}", gateway.name(), answer.outcome.as_str());
    Ok(())
}

fn card(number: &str) -> Result<Source, Box<dyn Error>> {
    Ok(Source::Card(Card::new(number, 12, 2030)?.with_cvv("123")?))
}

async fn coolpay() -> Result<Server, Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    let settings = Settings::default().at(listener.url());
    Ok(listener.serve(Host::new(Box::new(CoolPay::new(settings)))))
}

async fn qolo() -> Result<Server, Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    Ok(listener.serve(Host::new(Box::new(Qolo::new(qolo::Settings::qolo())))))
}
