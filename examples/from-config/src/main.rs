//! The same application on two providers: only its configuration differs, and it is changed while the application runs.
//!
//! ```sh
//! cargo run -p from-config
//! ```

use std::error::Error;

use paymux::{Card, Charge, Gateways, Outcome, PaymentGateway, Refund, Source};
use paymux_simulator::serve::{Listener, Server};
use paymux_simulator::{Host, Provider, coolpay, opp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Stand in for the providers.
    let (coolpay_url, _coolpay) =
        serve(|url| Box::new(coolpay::CoolPay::new(coolpay::Settings::default().at(url)))).await?;
    let (opp_url, _opp) = serve(|url| Box::new(opp::Opp::new(opp::Settings::v1().at(url)))).await?;

    let on_coolpay = format!(
        r#"
        [gateways.cards]
        provider = "coolpay"
        mode = "test"
        api_key = "sim-api-key"
        base_url = "{coolpay_url}"
        "#
    );
    let set = opp::Settings::v1();
    let on_opp = format!(
        r#"
        [gateways.cards]
        provider = "opp"
        preset = "v1"
        mode = "test"
        access_token = "{}"
        entity_id = "{}"
        base_url = "{opp_url}"
        "#,
        set.access_token,
        set.entity_id.unwrap_or_default(),
    );

    let gateways = Gateways::from_toml(&on_coolpay)?;
    pay(&*gateways.get("cards")?, "1000 0000 0000 0008", "order1001a1").await?;

    // A configuration with a mistake is refused whole, with every problem, and the old one stays.
    let refused = gateways.reload("[gateways.cards]\nprovider = 'op'\nmode = 'test'");
    println!(
        "refused   {}",
        refused.err().map_or_else(String::new, |error| error.to_string())
    );

    gateways.reload(&on_opp)?;
    pay(&*gateways.get("cards")?, "4200 0000 0000 0000", "order1002a1").await
}

/// The application: it knows no provider.
async fn pay(gateway: &dyn PaymentGateway, card: &str, reference: &str) -> Result<(), Box<dyn Error>> {
    let provider = gateway.capabilities().provider;
    let card = Card::new(card, 12, 2030)?.with_cvv("123")?;
    let charge = Charge::new(reference.parse()?, "100.00 EUR".parse()?, Source::Card(card));
    let paid = gateway.sale(charge).await?;
    println!("{provider:<9} {}: {}", paid.payment.reference, paid.payment.state);
    let refund = Refund::new(
        paid.payment.reference,
        format!("{reference}r").parse()?,
        "25.00 EUR".parse()?,
    );
    match gateway.refund(refund).await?.outcome {
        Outcome::Approved => println!("{provider:<9} 25.00 EUR given back"),
        other => println!("{provider:<9} refund: {}", other.as_str()),
    }
    Ok(())
}

async fn serve(provider: impl FnOnce(String) -> Box<dyn Provider>) -> Result<(String, Server), Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    let url = listener.url();
    Ok((url.clone(), listener.serve(Host::new(provider(url)))))
}
