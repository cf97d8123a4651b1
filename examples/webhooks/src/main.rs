//! A checkout that is paid on the provider's page, and the webhook that says so. Provider and customer are played here.
//!
//! ```sh
//! cargo run -p webhooks
//! ```

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::Request;
use paymux::transport::{MarkedBody, ReqwestTransport, Transport as _};
use paymux::{Checkout, Gateways, Outcome};
use paymux_simulator::Host;
use paymux_simulator::coolpay::{CoolPay, Settings};
use paymux_simulator::serve::Listener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    let provider = listener.url();
    let _simulator = listener.serve(Host::new(Box::new(CoolPay::new(Settings::default().at(&provider)))));
    let gateways = Arc::new(Gateways::from_toml(&format!(
        r#"
        [gateways.cards]
        provider = "coolpay"
        mode = "test"
        api_key = "sim-api-key"
        private_key = "sim-private-key"   # callbacks are signed with it
        base_url = "{provider}"
        inquiry_interval_secs = 0         # the simulator may be asked at any time
        "#
    ))?);

    // The application: a router with one path per gateway. Every event is answered with 200 once it is done with.
    let (webhooks, mut deliveries) = paymux::axum::webhook_channel(Arc::clone(&gateways), 16);
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let here = format!("http://{}", socket.local_addr()?);
    let app = Router::new().nest("/webhooks", webhooks);
    tokio::spawn(async move { axum::serve(socket, app).await });

    let mut checkout = Checkout::new("order1001a1".parse()?, "100.00 DKK".parse()?);
    checkout.charge.urls.notify = Some(format!("{here}/webhooks/cards"));
    let opened = gateways.get("cards")?.checkout(checkout).await?;
    let Outcome::ActionRequired(action) = &opened.outcome else {
        return Err(format!("no page was opened: {:?}", opened.outcome).into());
    };
    println!("opened   {}", opened.payment.reference);

    // The customer pays on the provider's page: a browser sends its form.
    let form = Bytes::from_static(b"do=pay&number=1000000000000008");
    let page = Request::post(action.expose_url()).body(MarkedBody::new(form).0)?;
    let shown = ReqwestTransport::default()
        .send(page)
        .await
        .map_err(|error| error.message)?;
    println!("the page sends the customer on: {}", shown.status);

    let event = deliveries.recv().await.ok_or("nothing came")?;
    println!("reported {}", event.received().event.reported());
    // What was reported is a reason to ask. The answer is what counts.
    let answer = event.received().confirm().await?;
    println!("it is    {} {}", answer.payment.state, answer.payment.reference);
    event.done();
    Ok(())
}
