//! Stores outside bank accounts and cards.

use http::StatusCode;

use super::Qolo;
use super::reading::{Errors, Fields, wrong};
use super::route::window;
use super::state::Instrument;
use super::writing::{Answer, Object, Refusal, answer, page};
use crate::wire;

const TYPES: [&str; 5] = ["BANKDDA", "IBAN", "BBAN", "CARD", "CHECK"];
const CATEGORIES: [&str; 2] = ["INDIVIDUAL", "CORPORATE"];
const STATUSES: [&str; 5] = ["ACTIVE", "SUSPEND", "NEGLIST", "FORGET", "UNPROVED"];
const USAGES: [&str; 4] = ["PAY-IN", "PAY-OUT", "PAY-IN-OUT", "RESTRICTED"];
const ACCOUNT_TYPES: [&str; 6] = ["DDA", "IBAN", "BBAN", "VAN", "CHECKING", "SAVING"];

/// The number, and whether real-time payments reach it.
fn bank(errors: &mut Errors, account: &mut Fields, kind: &str) -> (Option<String>, bool) {
    account.word(errors, "account_type", &ACCOUNT_TYPES);
    // A longer number than the documents allow is let through: an IBAN has up to 34 characters.
    let number = account.must(errors, "account_number", 4..=34);
    if kind == "BANKDDA" {
        account.required(errors, "routing_number");
    }
    if kind == "IBAN" {
        account.required(errors, "bank_identifier");
    }
    account.text(errors, "routing_number", 6..=16);
    account.text(errors, "bank_identifier", 8..=11);
    let realtime = account.text(errors, "rtp_routing_number", 6..=16).is_some();
    account.skip(&[
        "bank_dba",
        "bank_address",
        "bank_phone",
        "description",
        "name_on_account",
        "accountholder_address",
        "additionalData",
    ]);
    (number, realtime)
}

fn card(errors: &mut Errors, account: &mut Fields) -> Option<String> {
    account.must(errors, "expiration_date", 5..=7);
    account.must(errors, "verification_code", 3..=5);
    let at = account.at("card_number");
    let number = account.must(errors, "card_number", 13..=19)?;
    if number.bytes().all(|b| b.is_ascii_digit()) {
        return Some(number);
    }
    wrong(errors, at, "Must be digits.");
    None
}

fn shown(instrument: &Instrument) -> Object {
    Object::new()
        .put("outside_instrument_guid", &instrument.guid)
        .put("person_guid", &instrument.person_guid)
        .put("instrument_country", &instrument.country)
        .put("instrument_type", &instrument.kind)
        .put("instrument_category", &instrument.category)
        .put("instrument_status", &instrument.status)
        .put("instrument_usage", &instrument.usage)
        .put("instrument_name", &instrument.name)
        .put("mask_account_number", &instrument.mask)
}

impl Qolo {
    pub(super) fn new_instrument(&mut self, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let e = &mut errors;
        for name in [
            "person_guid",
            "instrument_type",
            "instrument_category",
            "account_details",
        ] {
            fields.required(e, name);
        }
        let person = fields.guid(e, "person_guid").unwrap_or_default();
        let country = fields.must(e, "instrument_country", 3..=3).unwrap_or_default();
        let kind = fields.word(e, "instrument_type", &TYPES).unwrap_or_default();
        let category = fields.word(e, "instrument_category", &CATEGORIES).unwrap_or_default();
        let name = fields.text(e, "instrument_name", 0..=32);
        let usage = fields.word(e, "instrument_usage", &USAGES).unwrap_or("PAY-IN-OUT");
        fields.currency(e, "instrument_settlement_currency");
        fields.text(e, "mask_account_number", 0..=19);
        fields.text(e, "financial_inst_name", 0..=32);
        fields.text(e, "external_proxy_number", 0..=64);
        fields.text(e, "instrument_verification_method", 0..=8);
        fields.skip(&["acknowledgement"]);
        let mut number = None;
        let mut realtime = false;
        if let Some(mut details) = fields.object(e, "account_details") {
            let inner = if kind == "CARD" { "card_account" } else { "bank_account" };
            details.required(e, inner);
            if let Some(mut account) = details.object(e, inner) {
                if kind == "CARD" {
                    number = card(e, &mut account);
                } else {
                    (number, realtime) = bank(e, &mut account, kind);
                }
                account.end(e);
            }
            details.end(e);
        }
        fields.end(e);
        if errors.is_empty() && !self.persons.iter().any(|p| p.guid == person) {
            wrong(&mut errors, "person_guid", "Is not a person that is known.");
        }
        Refusal::unless_none(errors)?;
        let number = number.unwrap_or_default();
        let last4 = number
            .len()
            .checked_sub(4)
            .and_then(|at| number.get(at..))
            .unwrap_or_default();
        let returns = match last4 {
            "0001" => Some("R01"),
            "0003" => Some("R02"),
            _ => None,
        };
        let instrument = Instrument {
            guid: self.guid(),
            person_guid: person,
            name,
            kind: kind.to_owned(),
            category: category.to_owned(),
            country,
            status: "ACTIVE".to_owned(),
            usage: usage.to_owned(),
            mask: format!("xxxxx{last4}"),
            realtime,
            declines: (last4 == "0002").then_some("DO_NOT_HONOR"),
            returns,
        };
        let told = shown(&instrument);
        self.instruments.push(instrument);
        Ok(answer(StatusCode::CREATED, told))
    }

    pub(super) fn list_instruments(&self, query: &[(String, String)]) -> Answer {
        let person = wire::first(query, "person_guid").ok_or_else(|| Refusal::field("person_guid", "Is required."))?;
        let (start, limit) = window(query, 100)?;
        let found = self
            .instruments
            .iter()
            .filter(|i| i.person_guid.eq_ignore_ascii_case(person));
        Ok(page(found.map(shown).collect(), start, limit))
    }

    pub(super) fn one_instrument(&self, guid: &str) -> Answer {
        let found = self.instrument(guid).ok_or_else(|| Refusal::unknown("instrument"))?;
        Ok(answer(StatusCode::OK, shown(found)))
    }

    pub(super) fn instrument_status(&mut self, guid: &str, mut fields: Fields) -> Answer {
        let found = self.instruments.iter_mut().find(|i| i.guid == guid);
        let found = found.ok_or_else(|| Refusal::unknown("instrument"))?;
        let mut errors = Errors::new();
        fields.required(&mut errors, "instrument_status");
        let status = fields.word(&mut errors, "instrument_status", &STATUSES);
        fields.end(&mut errors);
        Refusal::unless_none(errors)?;
        found.status = status.unwrap_or_default().to_owned();
        Ok(answer(StatusCode::OK, shown(found)))
    }
}
