//! Two providers behind one gateway: the second takes over where nothing was sent, and never where an answer was lost.
//!
//! ```sh
//! cargo run -p router
//! ```

use std::error::Error;
use std::sync::Arc;

use http::Method;
use paymux::{Card, Charge, Fate, Gateways, Source};
use paymux_journal::{Journal, Memory};
use paymux_router::Routers;
use paymux_simulator::coolpay::{CoolPay, Settings};
use paymux_simulator::serve::{Listener, Server};
use paymux_simulator::{Fault, Host, Kind, Matcher};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (first, second) = (simulator(4711).await?, simulator(4712).await?);
    let text = format!(
        "[gateways.cards]\n{}\n[gateways.backup]\n{}\n[router.checkout]\nrules = [{{ to = ['cards', 'backup'] }}]",
        keys(&first.0, 4711),
        keys(&second.0, 4712)
    );
    let (first, second) = (first.1, second.1);
    // A journal in a file, or in a database of the fleet's, would outlive this process: `Journal::open`.
    let journal = Journal::new(Arc::new(Memory::new()));
    let gateways = Gateways::builder().recorder(journal.recorder()).from_toml(&text)?;
    let checkout = Routers::from_toml(&text, &gateways, &journal)?.get("checkout")?;

    println!("The first provider cannot be reached:");
    first.refuse(true).await?;
    let answer = checkout.authorize(charge("order1001")?).await?;
    answer.payment.legs.iter().for_each(|leg| println!("  {leg}"));
    first.refuse(false).await?;

    println!("It holds the money, and its answer is lost; the question after it, too:");
    first.with(|host, _| {
        host.faults
            .add(Matcher::on(Method::POST, "authorize"), Fault::ResetAfter);
        host.faults.add(Matcher::on(Method::GET, "/payments"), Fault::Stuck);
    });
    let error = match checkout.authorize(charge("order1002")?).await {
        Err(error) if error.fate() == Fate::Unknown => error,
        other => return Err(format!("this was to be unknown: {other:?}").into()),
    };
    error.legs().iter().for_each(|leg| println!("  {leg}"));

    println!("The same again goes where it is pinned, and asks:");
    let answer = checkout.authorize(charge("order1002")?).await?;
    answer.payment.legs.iter().for_each(|leg| println!("  {leg}"));

    let held = [&first, &second].map(|simulator| {
        let holds = |host: &mut Host| {
            host.ledger()
                .movements
                .iter()
                .filter(|booked| booked.kind == Kind::Authorize)
                .count()
        };
        simulator.with(|host, _| holds(host))
    });
    let [by_first, by_second] = held;
    println!("held by the first provider: {by_first}, by the second: {by_second}; orders: 2");
    if held == [1, 1] {
        Ok(())
    } else {
        Err("an order was not held exactly once".into())
    }
}

async fn simulator(merchant_id: u64) -> Result<(String, Server), Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0".parse()?).await?;
    let url = listener.url();
    let mut settings = Settings::default().at(&url);
    settings.merchant_id = merchant_id;
    Ok((url, listener.serve(Host::new(Box::new(CoolPay::new(settings))))))
}

fn keys(url: &str, merchant: u64) -> String {
    format!(
        "provider = 'coolpay'\nmode = 'test'\napi_key = 'sim-api-key'\nbase_url = '{url}'\nmerchant_id = '{merchant}'\ninquiry_interval_secs = 0\ntimeout_secs = 3"
    )
}

fn charge(order: &str) -> Result<Charge, Box<dyn Error>> {
    let card = Card::new("1000 0000 0000 0008", 12, 2030)?.with_cvv("123")?;
    let mut charge = Charge::new(format!("{order}a1").parse()?, "100.00 DKK".parse()?, Source::Card(card));
    charge.order = Some(order.to_owned());
    Ok(charge)
}
