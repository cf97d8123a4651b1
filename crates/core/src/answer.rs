//! The answer to an operation.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::payment::Payment;
use crate::vocabulary::{DeclineReason, RetryAdvice, Side};

/// What an operation came to, and the payment as the provider holds it now.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// What this operation came to.
    pub outcome: Outcome,
    /// The payment.
    pub payment: Payment,
    /// Whether a journal could not write this down. What was answered holds all the same; the journal asks again, and writes it then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unrecorded: bool,
}

/// What one operation came to. "Nobody knows" is not among them: that is an [`Error`](crate::Error) whose fate is
/// [`Fate::Unknown`](crate::Fate::Unknown). Of an inquiry, it is how the payment stands; what was asked when is not known there.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The customer must do something first.
    ActionRequired(NextAction),
    /// Done.
    Approved,
    /// Refused by the payer's side or by a rule; this operation moved no money.
    Declined(Decline),
    /// Accepted and not decided yet: inquire later, or wait for the webhook.
    Pending,
    /// Done, and held for a person to look at.
    Review,
}

/// What the customer must do. Never stored: an inquiry makes it anew.
///
/// Serialized, it is whole: what a page in the customer's browser needs to go on. That is for this browser alone; it carries authentication data and tokens, so
/// do not log it. `Debug` shows none of it.
///
/// ```
/// use paymux_core::NextAction;
/// let action = NextAction::form("https://acs.example/c", vec![("creq".to_owned(), "x".to_owned())], Vec::new());
/// assert_eq!(
///     serde_json::to_string(&action)?,
///     r#"{"form":{"url":"https://acs.example/c","fields":[{"name":"creq","value":"x"}],"before":[]}}"#
/// );
/// assert_eq!(format!("{action:?}"), "Form(…)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextAction {
    /// Send the browser to post these fields.
    #[non_exhaustive]
    Form {
        /// Where to.
        url: String,
        /// Names and values; they carry authentication data.
        #[serde(serialize_with = "listed")]
        fields: Vec<(String, String)>,
        /// Forms to be posted in a hidden frame before this one.
        #[serde(serialize_with = "forms")]
        before: Vec<(String, Vec<(String, String)>)>,
    },
    /// Send the browser to this address. It may carry a token: treat it as a secret.
    Redirect(#[serde(serialize_with = "exposed")] SecretString),
    /// Load this script into a page of the merchant.
    #[non_exhaustive]
    Widget {
        /// The script's address.
        script: String,
        /// The provider's id of the checkout.
        checkout: String,
    },
}

fn exposed<S: Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.expose_secret())
}

/// Names may come twice, and their order may matter: a list, and no map.
fn listed<S: Serializer>(fields: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Field<'a> {
        name: &'a str,
        value: &'a str,
    }
    serializer.collect_seq(fields.iter().map(|(name, value)| Field { name, value }))
}

fn forms<S: Serializer>(forms: &[(String, Vec<(String, String)>)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form<'a> {
        url: &'a str,
        #[serde(serialize_with = "listed")]
        fields: &'a [(String, String)],
    }
    serializer.collect_seq(forms.iter().map(|(url, fields)| Form { url, fields }))
}

impl NextAction {
    /// A form with these fields, after the forms that are to be posted in a hidden frame before it.
    #[must_use]
    pub fn form(
        url: impl Into<String>,
        fields: Vec<(String, String)>,
        before: Vec<(String, Vec<(String, String)>)>,
    ) -> Self {
        Self::Form {
            url: url.into(),
            fields,
            before,
        }
    }

    /// A script, and the provider's id of the checkout.
    #[must_use]
    pub fn widget(script: impl Into<String>, checkout: impl Into<String>) -> Self {
        Self::Widget {
            script: script.into(),
            checkout: checkout.into(),
        }
    }

    /// The address that it is about: of a redirect, the one to send the customer's browser to; of a form, the one that its fields are posted to; of a
    /// widget, the script. Only the first is worth anything alone: match the variants where a provider may give others.
    #[must_use]
    pub fn expose_url(&self) -> &str {
        match self {
            Self::Form { url, .. } => url,
            Self::Redirect(url) => url.expose_secret(),
            Self::Widget { script, .. } => script,
        }
    }
}

impl fmt::Debug for NextAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form { .. } => "Form(…)",
            Self::Redirect(_) => "Redirect(…)",
            Self::Widget { .. } => "Widget(…)",
        })
    }
}

/// A refusal, in the one vocabulary, with the provider's own words kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decline {
    /// Why.
    pub reason: DeclineReason,
    /// Whether and how to try again.
    pub advice: RetryAdvice,
    /// Whose problem it is.
    pub side: Side,
    /// The provider's own code, as it stood.
    pub code: String,
    /// The provider's own text, for logs and never for decisions.
    pub text: Option<String>,
}

impl Decline {
    /// A decline for `reason`, with the advice and side that usually go with it.
    #[must_use]
    pub fn new(reason: DeclineReason, code: impl Into<String>) -> Self {
        Self {
            reason,
            advice: reason.advice(),
            side: reason.side(),
            code: code.into(),
            text: None,
        }
    }

    /// With the provider's own text.
    #[must_use]
    pub fn with_text(mut self, text: Option<String>) -> Self {
        self.text = text;
        self
    }

    /// With the advice of the code's own table.
    #[must_use]
    pub const fn with_advice(mut self, advice: RetryAdvice) -> Self {
        self.advice = advice;
        self
    }
}

impl fmt::Display for Decline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {}, retry: {})", self.reason, self.code, self.advice)
    }
}

impl Answer {
    /// An answer.
    #[must_use]
    pub const fn new(outcome: Outcome, payment: Payment) -> Self {
        Self {
            outcome,
            payment,
            unrecorded: false,
        }
    }
}

impl Outcome {
    /// Whether it is done without reservation. A payment under review is done, too, and may yet be stopped: see [`Outcome::Review`].
    #[must_use]
    pub const fn is_approved(&self) -> bool {
        matches!(self, Self::Approved)
    }

    /// The stable string form.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ActionRequired(_) => "action_required",
            Self::Approved => "approved",
            Self::Declined(_) => "declined",
            Self::Pending => "pending",
            Self::Review => "review",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, with a secret wherever one can be.
    fn actions() -> [NextAction; 3] {
        let fields = |name: &str| {
            vec![
                (name.to_owned(), "canary".to_owned()),
                (name.to_owned(), "2".to_owned()),
            ]
        };
        [
            NextAction::Redirect("https://pay.example/?token=canary".to_owned().into()),
            NextAction::form(
                "https://acs.example/c?canary",
                fields("creq"),
                vec![("https://acs.example/m?canary".to_owned(), fields("data"))],
            ),
            NextAction::widget("https://pay.example/w.js?id=canary", "canary"),
        ]
    }

    #[test]
    fn what_the_customer_needs_is_serialized_whole() {
        let [redirect, form, widget] = actions().map(|action| serde_json::to_value(action).unwrap());
        assert_eq!(
            redirect,
            serde_json::json!({ "redirect": "https://pay.example/?token=canary" })
        );
        let fields =
            |name: &str| serde_json::json!([{ "name": name, "value": "canary" }, { "name": name, "value": "2" }]);
        assert_eq!(
            form,
            serde_json::json!({ "form": {
                "url": "https://acs.example/c?canary",
                "fields": fields("creq"),
                "before": [{ "url": "https://acs.example/m?canary", "fields": fields("data") }],
            } })
        );
        assert_eq!(
            widget,
            serde_json::json!({ "widget": { "script": "https://pay.example/w.js?id=canary", "checkout": "canary" } })
        );
    }

    #[test]
    fn nothing_of_it_can_be_printed() {
        for action in actions() {
            let outcome = Outcome::ActionRequired(action);
            let text = format!("{outcome:?} {outcome:#?}");
            assert!(!text.contains("canary") && !text.contains("example"), "{text}");
        }
    }
}
