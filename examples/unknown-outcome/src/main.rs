//! An answer is lost after the money moved: what is kept, and how it is settled by asking.
//!
//! ```sh
//! cargo run -p unknown-outcome
//! ```

use std::error::Error;

use http::Method;
use paymux::{Card, Charge, Fate, Gateways, Source, Unresolved};
use paymux_simulator::coolpay::{CoolPay, Settings};
use paymux_simulator::serve::Listener;
use paymux_simulator::{Fault, Host, Kind, Matcher};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    let url = listener.url();
    let simulator = listener.serve(Host::new(Box::new(CoolPay::new(Settings::default().at(&url)))));
    // The provider takes the money, and the connection breaks before it can say so; the first question is never answered.
    simulator.with(|host, _| {
        host.faults
            .add(Matcher::on(Method::POST, "authorize"), Fault::ResetAfter);
        host.faults.add(Matcher::on(Method::GET, "/payments"), Fault::Stuck);
    });
    let gateways = Gateways::from_toml(&format!(
        "[gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'sim-api-key'\nbase_url = '{url}'\ninquiry_interval_secs = 0\ntimeout_secs = 3"
    ))?;
    let gateway = gateways.get("cards")?;

    let card = Card::new("1000 0000 0000 0008", 12, 2030)?.with_cvv("123")?;
    let charge = Charge::new("order1001a1".parse()?, "100.00 DKK".parse()?, Source::Card(card));
    let error = match gateway.authorize(charge).await {
        Err(error) if error.fate() == Fate::Unknown => error,
        other => return Err(format!("this was to be unknown: {other:?}").into()),
    };
    // Neither "paid" nor "failed" is told to the customer. What is needed to ask is kept; it holds no secret.
    let kept = serde_json::to_string_pretty(&error.unresolved())?;
    println!("unknown: {error}\nkept:\n{kept}");
    let held = simulator.with(|host, _| {
        host.ledger()
            .movements
            .iter()
            .filter(|m| m.kind == Kind::Authorize)
            .count()
    });
    println!("holds in the provider's ledger: {held}");

    // Later, in another process perhaps: ask until it is known. Asking never moves money.
    let mut unresolved: Unresolved = serde_json::from_str(&kept)?;
    for question in 1.. {
        match gateway.resolve(unresolved).await {
            Ok(answer) => {
                println!(
                    "question {question}: {}, and the payment is {}",
                    answer.outcome.as_str(),
                    answer.payment.state
                );
                break;
            }
            Err(error) => match error.unresolved() {
                Some(still) if question < 9 => {
                    println!("question {question}: still unknown");
                    unresolved = still.clone();
                }
                _ => return Err(error.into()),
            },
        }
    }
    let holds = simulator.with(|host, _| {
        let movements = host.ledger().movements.iter();
        movements.filter(|movement| movement.kind == Kind::Authorize).count()
    });
    println!("holds in the provider's ledger: {holds}");
    if holds == 1 {
        Ok(())
    } else {
        Err("held more than once".into())
    }
}
