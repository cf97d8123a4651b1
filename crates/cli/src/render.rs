//! How answers and lists of methods are shown.

use anstyle::Style;
use paymux::{
    Answer, Decline, Entry, EntryOutcome, NextAction, OperationKind, Outcome, PaymentMethod, RetryAdvice, visible,
};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output::Output;
use crate::table::{BAD, Cell, FAINT, GOOD, HEAD, Table, WARN, paint};

/// What an operation was answered.
pub(crate) fn answer(gateway: &str, operation: OperationKind, answer: &Answer) -> Output {
    let exit = Exit::of_answer(answer);
    let payment = &answer.payment;
    let outcome = &answer.outcome;
    let title = paint(&words(outcome.as_str()), style(outcome));
    let mut facts = Facts::default();
    facts.put("payment", &payment.reference.to_string());
    facts.put("state", &words(payment.state.as_str()));
    facts.maybe("amount", payment.amount.map(|amount| amount.to_string()).as_deref());
    facts.maybe("reference", payment.merchant_reference.as_deref());
    facts.maybe("order", payment.order.as_deref());
    if let Some(method) = &payment.method {
        let last4 = method.last4.as_ref().map(|last4| format!("… {last4}"));
        let parts: Vec<_> = [&method.brand, &last4].into_iter().flatten().cloned().collect();
        facts.put("method", &parts.join(" "));
    }
    if payment.test == Some(true) {
        facts.put("test", "yes, no money moves");
    }
    if payment.late {
        facts.put("late", "paid after it was reported as declined, cancelled or expired");
    }
    if let Outcome::Declined(decline) = outcome {
        facts.decline(decline);
    }
    if !payment.dropped.is_empty() {
        let names: Vec<_> = payment.dropped.iter().map(|field| field.as_str()).collect();
        facts.put("left out", &format!("{} (the provider carries none)", names.join(", ")));
    }
    let mut text = format!("{title}  {operation} on {gateway}\n\n{}", facts.0);
    if !payment.entries.is_empty() {
        text.push_str(&format!("\n{}", entries(&payment.entries)));
    }
    if let Outcome::ActionRequired(action) = outcome {
        text.push_str(&format!("\n{}", next(action)));
    }
    let mut json = data(gateway, operation, answer);
    let mut aside = String::new();
    if answer.unrecorded {
        aside.push_str(
            "This could not be written in the journal, where it stays open: `paymux journal settle` finds it when its lease is over.\n",
        );
        if let Some(json) = json.as_object_mut() {
            json.insert("unrecorded".to_owned(), true.into());
        }
    }
    Output {
        text,
        aside,
        json,
        exit,
    }
}

/// The ways to pay.
pub(crate) fn methods(gateway: &str, methods: &[PaymentMethod]) -> Output {
    let mut table = Table::new(&["id", "name", "kind", "usable"]);
    for method in methods {
        let usable = match method.active {
            Some(true) => Cell::styled("yes", GOOD),
            Some(false) => Cell::styled("no", WARN),
            None => "".into(),
        };
        table.row([
            method.id.clone().into(),
            method.name.clone().into(),
            method.kind.clone().into(),
            usable,
        ]);
    }
    let text = if methods.is_empty() {
        "There is none.\n".to_owned()
    } else {
        table.to_string()
    };
    Output::done(text, json!({ "gateway": gateway, "methods": methods }))
}

/// A stable word for people: without underscores.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// When to try again, in words.
pub(crate) fn advice(advice: RetryAdvice) -> String {
    words(&advice.to_string())
}

fn data(gateway: &str, operation: OperationKind, answer: &Answer) -> Value {
    json!({
        "gateway": gateway,
        "operation": operation.as_str(),
        "outcome": answer.outcome.as_str(),
        "decline": match &answer.outcome {
            Outcome::Declined(decline) => json!({
                "reason": decline.reason,
                "advice": decline.advice,
                "side": decline.side,
                "code": decline.code,
                "text": decline.text,
                "message": decline.reason.message(),
            }),
            _ => Value::Null,
        },
        "action": match &answer.outcome {
            Outcome::ActionRequired(action) => json!(action),
            _ => Value::Null,
        },
        "payment": answer.payment,
    })
}

fn style(outcome: &Outcome) -> Style {
    match outcome {
        Outcome::Approved => GOOD.bold(),
        Outcome::Declined(_) => BAD,
        _ => WARN.bold(),
    }
}

#[derive(Default)]
struct Facts(Table);

impl Facts {
    fn put(&mut self, name: &str, value: &str) {
        self.0.row([Cell::styled(name, FAINT), value.into()]);
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn decline(&mut self, decline: &Decline) {
        let code = match &decline.text {
            Some(text) => format!("{}: {text}", decline.code),
            None => decline.code.clone(),
        };
        self.put("reason", &words(decline.reason.as_str()));
        self.put("whose", decline.side.as_str());
        self.put("code", &code);
        self.put("try again", &advice(decline.advice));
        self.put("tell them", decline.reason.message());
    }
}

fn entries(entries: &[Entry]) -> Table {
    let mut table = Table::new(&["entry", "amount", "outcome", "id", "at"]);
    for entry in entries {
        let (outcome, style) = match &entry.outcome {
            EntryOutcome::Approved => ("approved".to_owned(), GOOD),
            EntryOutcome::Declined(decline) => (format!("declined: {}", words(decline.reason.as_str())), BAD),
            EntryOutcome::Pending => ("pending".to_owned(), WARN),
            EntryOutcome::Review => ("review".to_owned(), WARN),
            EntryOutcome::Unknown(word) => (format!("unknown: {word}"), BAD),
            other => (format!("{other:?}"), WARN),
        };
        let kind = serde_json::to_value(entry.kind).unwrap_or_default();
        table.row([
            words(kind.as_str().unwrap_or("other")).into(),
            entry.amount.map(|amount| amount.to_string()).unwrap_or_default().into(),
            Cell::styled(outcome, style),
            entry.id.clone().unwrap_or_default().into(),
            entry.at.map(|at| format!("{at:.0}")).unwrap_or_default().into(),
        ]);
    }
    table
}

/// What the customer must do. The person in front of the terminal needs the address, token or not.
fn next(action: &NextAction) -> String {
    let url = visible(action.expose_url());
    match action {
        NextAction::Form { fields, before, .. } => {
            let mut text = format!("{}\n  {url}\n", paint("Send the browser to post these fields to", HEAD));
            let list = |text: &mut String, fields: &[(String, String)]| {
                for (name, value) in fields {
                    text.push_str(&format!("    {}={}\n", visible(name), visible(value)));
                }
            };
            list(&mut text, fields);
            for (url, fields) in before {
                text.push_str(&format!("before that, in a hidden frame, to\n  {}\n", visible(url)));
                list(&mut text, fields);
            }
            text
        }
        NextAction::Widget { checkout, .. } => {
            let title = paint("Load this script into a page", HEAD);
            format!("{title}\n  {url}\ncheckout {}\n", visible(checkout))
        }
        _ => format!("{}\n  {url}\n", paint("Send the customer to", HEAD)),
    }
}
