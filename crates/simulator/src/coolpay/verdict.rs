//! How operations come out.

use jiff::Timestamp;

use super::CoolPay;
use super::card::Scenario;
use super::state::{Deed, Operation, Resource, Verdict};

impl Verdict {
    /// The outcome that moves money.
    pub(super) fn approved(acquirer: &str) -> Self {
        let code = if acquirer == "nets" { "000" } else { "20000" };
        Self::plain("20000", "Approved").with_acquirer(code, "Approved")
    }

    /// An outcome that the acquirer was never asked about.
    pub(super) fn plain(code: &str, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            acquirer: None,
        }
    }

    /// A refusal by the acquirer; Nets has codes of its own.
    fn declined(acquirer: &str, code: &str, message: &str) -> Self {
        let code = match (acquirer, code) {
            ("nets", "40135") => "54",
            ("nets", "40110") => "14",
            ("nets", _) => "05",
            _ => code,
        };
        Self::plain("40000", message).with_acquirer(code, message)
    }

    fn with_acquirer(self, code: &str, message: &str) -> Self {
        Self {
            acquirer: Some((code.to_owned(), message.to_owned())),
            ..self
        }
    }

    /// Reads a code given by name, with the acquirer's after a slash where it matters: `40000` or `40000/40413`.
    pub(super) fn from_code(text: &str, acquirer: &str) -> Self {
        let (code, given) = text
            .split_once('/')
            .map_or((text, None), |(code, given)| (code, Some(given)));
        let message = match code {
            "20000" => "Approved",
            "20200" => "Waiting for approval",
            "30100" => "3-D Secure is required",
            "30101" => "Strong customer authentication is required",
            "40000" => "Rejected by acquirer",
            "40001" => "Request data error",
            "40002" => "Authorization expired",
            "40003" => "Aborted",
            "40300" => "Blocked by fraud filter",
            "50000" => "Gateway error",
            "50300" => "Communications error with acquirer",
            _ => "Outcome on demand",
        };
        match (given, code) {
            (Some(given), _) => Self::plain(code, message).with_acquirer(given, message),
            (None, "20000") => Self::approved(acquirer),
            (None, "40000") => Self::declined(acquirer, "40410", message),
            (None, _) => Self::plain(code, message),
        }
    }

    pub(super) fn is_approved(&self) -> bool {
        self.code == "20000"
    }
}

impl CoolPay {
    /// The verdict on an operation whose time has come.
    pub(super) fn judge(&mut self, at: Timestamp, resource: &Resource, operation: &Operation) -> Verdict {
        if let Some(fixed) = &operation.ask.fixed {
            return fixed.clone();
        }
        let acquirer = self.acquirer_of(resource, operation);
        if operation.deed.meets_card() {
            return self.judge_card(at, operation, &acquirer);
        }
        let scenario = resource.card.as_ref().map(|c| c.scenario());
        let amount = operation.amount.unwrap_or(0);
        let room = match operation.deed {
            Deed::Capture if resource.cancelled() => 0,
            Deed::Capture => resource.authorized() - resource.captured(),
            Deed::Refund => resource.balance(),
            Deed::Cancel if resource.captured() > 0 || resource.cancelled() => -1,
            _ => amount,
        };
        let rejected = matches!(
            (operation.deed, scenario),
            (Deed::Capture, Some(Scenario::CaptureRejected))
                | (Deed::Refund, Some(Scenario::RefundRejected))
                | (Deed::Cancel, Some(Scenario::CancelRejected))
        );
        if amount > room {
            Verdict::declined(&acquirer, "40190", "Another operation came first")
        } else if rejected {
            Verdict::declined(&acquirer, "40410", "Rejected test operation")
        } else {
            Verdict::approved(&acquirer)
        }
    }

    fn judge_card(&mut self, at: Timestamp, operation: &Operation, acquirer: &str) -> Verdict {
        let Some(card) = &operation.ask.card else {
            return Verdict::plain("40001", "There is no card");
        };
        if let Some(fault) = card.fault() {
            return Verdict::plain("40001", fault);
        }
        if card.is_test() && !self.settings.live && !self.settings.allow_test_transactions {
            return Verdict::plain("40000", "Test transactions are not allowed");
        }
        if !card.is_test() && !self.settings.live {
            return Verdict::declined(acquirer, "40110", "No such card in the test range");
        }
        if card.expired(at) {
            return Verdict::declined(acquirer, "40135", "Card expired");
        }
        let rejected = |message| Verdict::declined(acquirer, "40410", message);
        match (card.scenario(), operation.deed) {
            (Scenario::Rejected, _) => rejected("Rejected test operation"),
            (Scenario::Expired, _) => Verdict::declined(acquirer, "40135", "Card expired"),
            (Scenario::RecurringRejected, Deed::Recurring) => rejected("Rejected test operation"),
            (Scenario::Secure, Deed::Authorize) if !operation.secure => Verdict::from_code("30100", acquirer),
            (Scenario::Once, _) if !self.used_once.insert(card.number.clone()) => rejected("Rejected test operation"),
            _ => Verdict::approved(acquirer),
        }
    }

    pub(super) fn acquirer_of(&self, resource: &Resource, operation: &Operation) -> String {
        operation
            .ask
            .acquirer
            .clone()
            .or_else(|| resource.acquirer.clone())
            .unwrap_or_else(|| self.settings.acquirer.clone())
    }
}
