//! The first payment: one gateway from a configuration, one sale, one refund. The provider is a simulator on loopback.
//!
//! ```sh
//! cargo run -p quickstart
//! ```

use std::error::Error;

use paymux::{Card, Charge, Fate, Gateways, Outcome, Refund, Source};
use paymux_simulator::Host;
use paymux_simulator::coolpay::{CoolPay, Settings};
use paymux_simulator::serve::Listener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Stands in for the provider. With a real account, leave it out and take `base_url` off the configuration.
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    let url = listener.url();
    let simulator = listener.serve(Host::new(Box::new(CoolPay::new(Settings::default().at(&url)))));

    let gateways = Gateways::from_toml(&format!(
        r#"
        [gateways.cards]
        provider = "coolpay"
        mode = "test"
        api_key = "sim-api-key"
        base_url = "{url}"
        "#
    ))?;
    let gateway = gateways.get("cards")?;

    let card = Card::new("1000 0000 0000 0008", 12, 2030)?.with_cvv("123")?;
    let charge = Charge::new("order1001a1".parse()?, "100.00 DKK".parse()?, Source::Card(card));
    let payment = match gateway.sale(charge).await {
        Ok(answer) if answer.outcome.is_approved() => answer.payment,
        Ok(answer) => return Err(format!("not paid: {:?}", answer.outcome).into()),
        Err(error) if error.fate() == Fate::Unknown => {
            // Keep this until it is settled, and ask with it: `gateway.resolve(unresolved)`. Never send again.
            return Err(format!("unknown, ask later: {:?}", error.unresolved()).into());
        }
        Err(error) => return Err(error.into()),
    };
    println!("paid     {}  ({})", payment.reference, payment.state);

    let refund = Refund::new(payment.reference, "order1001r1".parse()?, "25.00 DKK".parse()?);
    let answer = gateway.refund(refund).await?;
    match answer.outcome {
        Outcome::Approved => println!("refunded 25.00 DKK; the payment is {}", answer.payment.state),
        other => println!("refund: {other:?}"),
    }
    simulator.stop();
    Ok(())
}
