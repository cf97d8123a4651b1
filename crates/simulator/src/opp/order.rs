//! What a caller or shopper wants paid, before a card is involved.

use super::form::{Form, Money, Reader, Refusal, sized};
use super::record::Type;
use super::settings::{Api, Settings};
use crate::Origin;

/// Fields that are told back as they came.
const ECHOED: &[(&str, usize)] = &[("descriptor", 127), ("merchantInvoiceId", 255), ("merchantMemo", 255)];

/// A payment to be made.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// What it is to be.
    pub(super) kind: Type,
    /// How much.
    pub(super) money: Money,
    /// The rest.
    pub(super) extra: Extra,
    /// Whether to keep the card for later.
    pub(super) register: bool,
    /// Whether the shopper is away.
    pub(super) merchant_initiated: bool,
    /// Whether the caller brings the result of an authentication.
    pub(super) authenticated: bool,
    /// Whether the shopper must authenticate, must not, or as the card will have it.
    pub(super) flow: Option<bool>,
    /// Whether the card must know authentication.
    pub(super) enrolled: bool,
    /// Whether the acquirer's test system is asked.
    pub(super) acquirer: bool,
    /// The checkout that it is made in.
    pub(super) checkout: Option<String>,
    /// Who causes it.
    pub(super) origin: Origin,
}

/// Fields that first payments and follow-ups share.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// The caller's reference.
    pub(super) reference: Option<String>,
    /// Where results are sent.
    pub(super) notification_url: Option<String>,
    /// Where the shopper returns to.
    pub(super) shopper_result_url: Option<String>,
    /// Plain fields to tell back.
    pub(super) echo: Vec<(&'static str, String)>,
    /// The caller's own parameters.
    pub(super) custom: Vec<(String, String)>,
    /// The code that the caller forces, where that is possible.
    pub(super) forced: Option<String>,
}

/// Refuses an entity that is absent or not let in.
pub(super) fn entity(form: &Form, settings: &Settings) -> Result<(), Refusal> {
    let mut reader = Reader::new(form);
    let given = form.get("entityId");
    match (&settings.entity_id, settings.api) {
        (None, Api::V3) => {}
        (None, Api::V1) => {
            reader.required("entityId", |e| {
                e.len() == 32 && e.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
            });
        }
        (Some(expected), _) => {
            if given.is_some_and(|g| !g.is_empty() && g != expected) {
                reader.refuse(super::codes::ENTITY);
            }
            reader.required("entityId", |_| true);
        }
    }
    reader.finish(Some(()))
}

impl Extra {
    /// Reads the fields.
    pub(super) fn read(reader: &mut Reader<'_>, settings: &Settings) -> Self {
        let form = reader.form();
        let mut custom = Vec::new();
        for (name, value) in form.custom() {
            let plain = name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
            if plain && sized(3, 64)(name) && sized(0, 2048)(value) {
                custom.push((name.to_owned(), value.to_owned()));
            } else {
                reader.complain(&format!("customParameters[{name}]"), "is not written as it must be");
            }
        }
        let forced = custom
            .iter()
            .find(|(name, _)| name == "forceResultCode" && !settings.live)
            .map(|(_, code)| code.clone());
        Self {
            reference: reader.optional("merchantTransactionId", sized(8, 255)),
            notification_url: reader.optional("notificationUrl", sized(6, 2048)),
            shopper_result_url: reader.optional("shopperResultUrl", sized(6, 2048)),
            echo: ECHOED
                .iter()
                .filter_map(|(name, most)| Some((*name, reader.optional(name, sized(1, *most))?)))
                .collect(),
            custom,
            forced,
        }
    }
}

impl Order {
    /// Reads everything but the card.
    pub(super) fn read(reader: &mut Reader<'_>, settings: &Settings, origin: Origin) -> Option<Self> {
        let form = reader.form();
        let kind = reader
            .required("paymentType", |t| {
                t.len() == 2 && t.bytes().all(|b| b.is_ascii_uppercase())
            })
            .and_then(|letters| match Type::parse(&letters) {
                Some(kind @ (Type::Authorization | Type::Debit)) => Some(kind),
                Some(Type::Credit) if settings.api == Api::V1 => Some(Type::Credit),
                Some(Type::Capture | Type::Reversal | Type::Refund) => {
                    reader.refuse(super::codes::NOT_FOUND);
                    None
                }
                _ => {
                    reader.refuse("600.200.400");
                    None
                }
            });
        let money = reader.money(true);
        let extra = Extra::read(reader, settings);
        let mode = reader.optional("testMode", |m| matches!(m, "INTERNAL" | "EXTERNAL"));
        if mode.is_some() && settings.live {
            reader.refuse("600.200.701");
        }
        let repeated = standing(reader);
        let wish = |name: &str| {
            let found = extra.custom.iter().find(|(n, _)| n == name && !settings.live);
            found.map(|(_, value)| value.as_str())
        };
        let flow = match (wish("3DS2_flow"), form.get("threeDSecure.challengeIndicator")) {
            (Some("challenge"), _) | (_, Some("04")) => Some(true),
            (Some("frictionless"), _) => Some(false),
            _ => None,
        };
        let enrolled = wish("3DS2_enrolled") == Some("true");
        Some(Self {
            kind: kind?,
            money: money?,
            extra,
            register: form.on("createRegistration") && settings.api == Api::V1,
            merchant_initiated: repeated,
            authenticated: form.get("threeDSecure.verificationId").is_some(),
            flow,
            enrolled,
            acquirer: mode.as_deref() == Some("EXTERNAL"),
            checkout: None,
            origin,
        })
    }
}

/// Reads the statement about stored cards, and tells whether the shopper is away.
fn standing(reader: &mut Reader<'_>) -> bool {
    let mode = reader.optional("standingInstruction.mode", |m| matches!(m, "INITIAL" | "REPEATED"));
    reader.optional("standingInstruction.type", |t| {
        matches!(t, "UNSCHEDULED" | "RECURRING" | "INSTALLMENT")
    });
    let source = reader.optional("standingInstruction.source", |s| matches!(s, "CIT" | "MIT"));
    source.as_deref() == Some("MIT") || (mode.as_deref() == Some("REPEATED") && source.is_none())
}
