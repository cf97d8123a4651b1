//! `paymux check`: whether the configuration is accepted, and whether the providers let every gateway in.

use std::path::Path;

use http::StatusCode;
use paymux::{
    Error, ErrorKind, Gateway, Gateways, Inquiry, Operation, PaymentGateway as _, PaymentRef, Problem, RawReply,
};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::gateways::load_with;
use crate::output::Output;
use crate::progress::Progress;
use crate::table::{BAD, Cell, GOOD, Table, WARN, paint};
use crate::watch::{Seen, Watch};

/// From here on a clock is worth a warning, in seconds: signatures are refused from 300 on.
const SKEW: i64 = 30;

/// What became of the question.
enum Access {
    /// The provider answered it.
    LetIn,
    /// The provider did not take the credentials, or the address is wrong.
    Refused(Error),
    /// Something else went wrong.
    Failed(Error),
}

/// Checks the configuration, then asks every provider one harmless question.
pub(crate) async fn command(config: &Path, as_json: bool) -> Result<Output, Failure> {
    let watch = Watch::new();
    let gateways = load_with(Gateways::builder().transport(watch.clone()), config)?;
    let mut table = Table::new(&["gateway", "provider", "mode", "access", "clock", "API"]);
    let mut list = Vec::new();
    let mut exit = Exit::Done;
    let mut aside = String::new();
    let mut progress = Progress::new(as_json);
    for name in gateways.names() {
        // A provider that does not answer keeps us waiting for as long as the gateway's `timeout_secs`.
        progress.turn(&name);
        let gateway = gateways.gateway(&name)?;
        watch.take();
        let access = ask(&gateway).await;
        let seen = watch.take();
        exit = worse(exit, &access);
        if let Access::Refused(error) | Access::Failed(error) = &access {
            aside.push_str(&format!("{}\n", error.report()));
        }
        let capabilities = gateway.capabilities();
        table.row([
            name.clone().into(),
            capabilities.provider.into(),
            capabilities.mode.as_str().into(),
            access.cell(),
            clock(&seen),
            seen.version.clone().unwrap_or_default().into(),
        ]);
        let warning = unnamed(&gateways, &gateway);
        if let Some(Problem { key, what, .. }) = &warning {
            let head = paint("warning:", WARN);
            aside.push_str(&format!("{head} gateway `{name}`: `{key}` {what}\n"));
        }
        list.push(data(&gateway, &access, &seen, warning.as_slice()));
    }
    Ok(Output {
        text: table.to_string(),
        aside,
        json: json!({ "gateways": list }),
        exit,
    })
}

/// Asks about a payment that cannot be: whoever says "not found" has let us in.
async fn ask(gateway: &Gateway) -> Access {
    let capabilities = gateway.capabilities();
    let id = match capabilities.provider {
        "qolo" => "00000000-0000-4000-8000-000000000000",
        "opp" => "00000000000000000000000000000000",
        "carry1st" => "C-000000000000000-P",
        _ => "0",
    };
    let payment = PaymentRef::new(capabilities.provider, capabilities.account.clone(), [id]);
    match gateway.execute(&Operation::Inquire(Inquiry::Payment(payment))).await {
        Ok(_) => Access::LetIn,
        Err(error) if error.is_not_found() && !is_foreign(&error) => Access::LetIn,
        Err(error) if error.is_not_found() => {
            let what = "who answered that nothing is there does not speak as the provider does: check `base_url`";
            let status = error.status().unwrap_or(StatusCode::NOT_FOUND);
            Access::Refused(
                Error::new(ErrorKind::Configuration, what)
                    .with_status(status)
                    .with_source(error),
            )
        }
        Err(error) if error.kind() == ErrorKind::Configuration => Access::Refused(error),
        Err(error) => Access::Failed(error),
    }
}

/// Whether a reply is a web page or a plain text. The providers answer in JSON, or with nothing.
fn is_foreign(error: &Error) -> bool {
    let text = error.raw().map(RawReply::scrubbed).unwrap_or_default();
    let text = text.trim_start();
    !text.is_empty() && !text.starts_with(['{', '['])
}

/// Whether the gateway's account names no merchant. That is no mistake where there is one merchant on the host, so that it is told and not refused; several gateways on
/// it may be those of one merchant, too.
fn unnamed(gateways: &Gateways, gateway: &Gateway) -> Option<Problem> {
    let own = gateway.capabilities();
    let key = own.unset_account_key?;
    let is_beside = |name: &String| {
        let other = gateways.gateway(name).ok();
        let is_on_it = |other: &Gateway| {
            let other = other.capabilities();
            (other.provider, &other.account) == (own.provider, &own.account)
        };
        name != gateway.name() && other.as_ref().is_some_and(is_on_it)
    };
    let beside: Vec<_> = gateways.names().into_iter().filter(is_beside).collect();
    let beside = match beside.as_slice() {
        [] => String::new(),
        names => format!(" (and so do `{}`)", names.join("`, `")),
    };
    let what = format!(
        "is not set: all merchants on its host count as one account{beside}, and a reference of one passes for another's. \
         Set it before payments are kept: set later, it makes another account, which refuses those made before"
    );
    Some(Problem::new(key, what))
}

fn worse(exit: Exit, access: &Access) -> Exit {
    match (exit, access) {
        (exit, Access::LetIn) => exit,
        (Exit::Done | Exit::Bad, Access::Refused(_)) => Exit::Bad,
        _ => Exit::Failed,
    }
}

impl Access {
    const fn word(&self) -> &'static str {
        match self {
            Self::LetIn => "let in",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }

    fn cell(&self) -> Cell {
        Cell::styled(
            self.word(),
            match self {
                Self::LetIn => GOOD,
                Self::Refused(_) | Self::Failed(_) => BAD,
            },
        )
    }
}

fn clock(seen: &Seen) -> Cell {
    match seen.ahead_secs {
        None => "".into(),
        // A reply's date is cut to the second, and was on its way.
        Some(-2..=1) => Cell::styled("in step", GOOD),
        Some(ahead) => {
            let way = if ahead > 0 { "ahead" } else { "behind" };
            let style = if ahead.unsigned_abs() > SKEW.unsigned_abs() {
                BAD
            } else {
                WARN
            };
            Cell::styled(format!("theirs is {} s {way}", ahead.unsigned_abs()), style)
        }
    }
}

fn data(gateway: &Gateway, access: &Access, seen: &Seen, warnings: &[Problem]) -> Value {
    json!({
        "gateway": gateway.name(),
        "provider": gateway.capabilities().provider,
        "mode": gateway.capabilities().mode.as_str(),
        "account": gateway.capabilities().account,
        "warnings": warnings.iter().map(|warning| json!({ "key": warning.key, "what": warning.what })).collect::<Vec<_>>(),
        "access": access.word().replace(' ', "_"),
        "error": match access {
            Access::LetIn => Value::Null,
            Access::Refused(error) | Access::Failed(error) => error.to_json(),
        },
        "requests": seen.requests,
        "clock_ahead_secs": seen.ahead_secs,
        "api_version": seen.version,
    })
}
