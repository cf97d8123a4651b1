//! Queues disbursements, each carried out by one transfer.

use http::StatusCode;
use jiff::Timestamp;

use super::Qolo;
use super::persons::person;
use super::reading::{Errors, Fields, wrong};
use super::state::{Payment, State};
use super::writing::{Answer, Object, Refusal, answer};
use crate::{Kind, wire};

impl Qolo {
    /// Takes a disbursement to a stored instrument or to an account.
    ///
    /// The transfer is accepted (and so booked) at once and is pending as any other; the answer does not name its transaction.
    pub(super) fn disburse(&mut self, now: Timestamp, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let e = &mut errors;
        self.read_program(e, &mut fields);
        fields.required(e, "disbursement_type");
        let kind = fields.word(e, "disbursement_type", &["OUTSIDEINSTRUMENT", "ACCOUNT"]);
        for name in ["person_details", "transfer_details"] {
            fields.required(e, name);
        }
        let details = fields.object(e, "person_details");
        let transfer = fields.object(e, "transfer_details");
        fields.skip(&["instrument_details", "card_details"]);
        fields.end(e);
        let mut new_person = None;
        if let Some(mut details) = details {
            if details.has("person_guid") {
                let guid = details.guid(e, "person_guid");
                if guid.is_some_and(|guid| !self.persons.iter().any(|p| p.guid == guid)) {
                    wrong(e, "person_details.person_guid", "Is not a person that is known.");
                }
            } else {
                new_person = Some(person(e, &mut details, String::new()));
            }
        }
        let (Some(transfer), Some(kind), true) = (transfer, kind, errors.is_empty()) else {
            return Err(Refusal::fields(errors));
        };
        let order = self.order(now, transfer)?;
        let wanted = if kind == "ACCOUNT" {
            Kind::Transfer
        } else {
            Kind::Payout
        };
        if order.kind != wanted {
            return Err(Refusal::field(
                "transfer_details.transfer_type",
                "Does not go with this type of disbursement.",
            ));
        }
        if let Some(mut person) = new_person {
            person.guid = self.guid();
            self.persons.push(person);
        }
        let guid = self.guid();
        let mut payment = Payment {
            guid: guid.clone(),
            chain: self.guid(),
            schedule: self.guid(),
            at: now,
            due: now,
            wallet_guid: None,
            minor: Some(order.minor),
            currency: order.currency.clone(),
            reference: order.reference.clone(),
            request_code: None,
            description: Some(order.description.clone()),
            cancelled: false,
            txn: None,
        };
        let inner = Object::new()
            .put("disbursement_type", kind)
            .put("program_guid", &self.settings.program_guid)
            .money("amount", order.minor, &order.currency)
            .put("currency", &order.currency)
            .put("client_reference_id", &order.reference);
        let txn = self.accept(now, order, Some(&guid))?;
        let row = self.row(&txn).cloned();
        payment.txn = Some(txn);
        self.payments.push(payment);
        let mut told = Object::new()
            .put("payment_guid", &guid)
            .put("disbursementDTO", &inner)
            .put("disbursementPayoutPreference", &None::<String>);
        if let Some(row) = row.filter(|row| row.state == State::Declined) {
            told = told.put("response_code", &row.code).put("reason_code", &row.reason);
            self.announce(now, "payment.failure", &row);
        }
        Ok(answer(StatusCode::CREATED, told))
    }

    pub(super) fn payout_options(&self, query: &[(String, String)]) -> Answer {
        let program = wire::first(query, "program_guid").unwrap_or_default();
        if !program.eq_ignore_ascii_case(&self.settings.program_guid) {
            return Err(Refusal::field("program_guid", "Is not a program of this token."));
        }
        Ok(wire::json(StatusCode::OK, &["BANKDDA", "OCT"]))
    }
}
