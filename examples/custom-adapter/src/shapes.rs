//! Requests and replies as they stand on the wire.

use serde::{Deserialize, Serialize};

/// `POST /charges`.
#[derive(Serialize)]
pub(crate) struct NewCharge<'a> {
    pub(crate) reference: &'a str,
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) capture: bool,
    pub(crate) card: NewCard<'a>,
}

#[derive(Serialize)]
pub(crate) struct NewCard<'a> {
    pub(crate) number: &'a str,
    pub(crate) expiry: String,
    pub(crate) cvv: Option<&'a str>,
}

/// `POST /charges/{id}/captures`, `…/refunds`, `…/voids`.
#[derive(Serialize)]
pub(crate) struct NewStep<'a> {
    pub(crate) reference: &'a str,
    pub(crate) amount: i64,
}

/// Every good reply.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) test: bool,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Step {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) code: String,
}

/// Every bad reply.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Problem {
    pub(crate) message: String,
}
