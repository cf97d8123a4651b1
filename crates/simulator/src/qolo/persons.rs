//! Keeps persons, as few fields of them as will do.

use http::StatusCode;

use super::Qolo;
use super::reading::{Errors, Fields};
use super::state::Person;
use super::writing::{Answer, Object, Refusal, answer, page};

/// Reads the details of a person; what is not kept is let through.
pub(super) fn person(errors: &mut Errors, details: &mut Fields, guid: String) -> Person {
    Person {
        guid,
        reference: details.text(errors, "client_reference_id", 1..=64),
        first_name: details.text(errors, "first_name", 0..=64),
        last_name: details.text(errors, "last_name", 0..=64),
    }
}

fn shown(person: &Person) -> Object {
    Object::new()
        .put("person_guid", &person.guid)
        .put("client_reference_id", &person.reference)
        .put("first_name", &person.first_name)
        .put("last_name", &person.last_name)
        .put("person_status", "CLEARED")
}

impl Qolo {
    pub(super) fn new_person(&mut self, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        self.read_program(&mut errors, &mut fields);
        fields.required(&mut errors, "person_details");
        let details = fields.object(&mut errors, "person_details");
        fields.skip(&["create_account", "account_currencies", "account_type", "account_name"]);
        fields.end(&mut errors);
        let guid = self.guid();
        let made = details.map(|mut details| person(&mut errors, &mut details, guid));
        Refusal::unless_none(errors)?;
        let made = made.ok_or_else(|| Refusal::field("person_details", "Is required."))?;
        let told = Object::new()
            .put("person_details", &shown(&made))
            .put("outside_instruments", &None::<String>)
            .put("wallets", &None::<String>);
        self.persons.push(made);
        Ok(answer(StatusCode::CREATED, told))
    }

    pub(super) fn search_persons(&self, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let e = &mut errors;
        let limit = fields.whole(e, "limit", 1..=1000).unwrap_or(100);
        let start = fields.whole(e, "start_index", 0..=i64::MAX / 2).unwrap_or(1);
        let guid = fields.guid(e, "person_guid");
        let reference = fields.text(e, "client_reference_id", 1..=64);
        let first_name = fields.text(e, "first_name", 0..=64);
        let last_name = fields.text(e, "last_name", 0..=64);
        fields.end(e);
        Refusal::unless_none(errors)?;
        let found = self.persons.iter().filter(|p| {
            guid.as_ref().is_none_or(|guid| *guid == p.guid)
                && (reference.is_none() || reference == p.reference)
                && (first_name.is_none() || first_name == p.first_name)
                && (last_name.is_none() || last_name == p.last_name)
        });
        Ok(page(found.map(shown).collect(), start, limit))
    }

    pub(super) fn one_person(&self, guid: &str) -> Answer {
        let found = self.persons.iter().find(|p| p.guid == guid);
        Ok(answer(
            StatusCode::OK,
            shown(found.ok_or_else(|| Refusal::unknown("person"))?),
        ))
    }

    /// Reads the program's guid, which must be there and be ours.
    pub(super) fn read_program(&self, errors: &mut Errors, fields: &mut Fields) {
        fields.required(errors, "program_guid");
        let at = fields.at("program_guid");
        let given = fields.guid(errors, "program_guid");
        if given.is_some_and(|given| !given.eq_ignore_ascii_case(&self.settings.program_guid)) {
            super::reading::wrong(errors, at, "Is not a program of this token.");
        }
    }
}
