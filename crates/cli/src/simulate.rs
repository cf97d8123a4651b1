//! `paymux simulate`: the simulators, until Ctrl-C or SIGTERM.

use std::path::Path;

use serde_json::{Value, json};

use crate::args::SimulateArgs;
use crate::exit::{Exit, Failure};
use crate::lab::{HEADLINE, Lab};
use crate::output::{self, Output};
use crate::stop::Stop;
use crate::table::{FAINT, HEAD, Table, paint};
use crate::test_cards;

/// Runs the simulators until it is told to end.
pub(crate) async fn command(args: &SimulateArgs, as_json: bool) -> Exit {
    let lab = match start(args).await {
        Ok(lab) => lab,
        Err(failure) => return output::finish(as_json, Err(failure)),
    };
    // Whoever reads that they run may end them at once.
    let mut stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => {
            let failure = Failure::Other(format!("Ctrl-C cannot be waited for: {error}"));
            return output::finish(as_json, Err(failure));
        }
    };
    let shown = output::finish(as_json, Ok(Output::done(text(&lab, args), data(&lab))));
    if shown != Exit::Done {
        return shown;
    }
    stop.told().await;
    Exit::Done
}

async fn start(args: &SimulateArgs) -> Result<Lab, Failure> {
    let lab = Lab::start(args.listen)
        .await
        .map_err(|error| Failure::input(format!("--listen: {error}")))?;
    if let Some(path) = &args.write_config {
        write_config(path, &lab.config_with_pages())?;
    }
    Ok(lab)
}

/// Writes the configuration, over nothing but an earlier one of our own.
fn write_config(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::input(format!("--write-config {}: {error}", path.display()));
    match std::fs::read_to_string(path) {
        Ok(old) if !old.starts_with(HEADLINE) => {
            let what = format!(
                "--write-config {}: the file is there already, and was not written by `paymux simulate`",
                path.display()
            );
            return Err(Failure::input(what));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    std::fs::write(path, text).map_err(failed)
}

fn text(lab: &Lab, args: &SimulateArgs) -> String {
    let mut places = Table::new(&["gateway", "provider", "address"]);
    let mut cards = Table::new(&["gateway", "--test-card", "what it is", "what happens"]);
    for place in lab.places() {
        places.row([place.name.into(), place.provider.into(), place.server.url().into()]);
        for card in test_cards::all(place.provider) {
            cards.row([
                place.name.into(),
                card.name.into(),
                card.number.into(),
                card.happens.into(),
            ]);
        }
    }
    let config = match &args.write_config {
        Some(path) => format!("Configuration: {}\n", path.display()),
        None => format!("{}\n{}\n", paint("Configuration", HEAD), lab.config_with_pages()),
    };
    let end = paint("Running until Ctrl-C. No money moves here.", FAINT);
    format!("{places}\n{cards}\n{config}{end}\n")
}

fn data(lab: &Lab) -> Value {
    let gateways = lab.places().iter().map(|place| {
        let cards = test_cards::all(place.provider)
            .into_iter()
            .map(|card| json!({ "name": card.name, "number": card.number, "happens": card.happens }));
        json!({
            "gateway": place.name,
            "provider": place.provider,
            "url": place.server.url(),
            "test_cards": cards.collect::<Vec<_>>(),
        })
    });
    json!({ "gateways": gateways.collect::<Vec<_>>(), "config": lab.config_with_pages() })
}
