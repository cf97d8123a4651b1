//! What a payment is about: who pays, from what, for what, and how it is authenticated.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Card;

/// Where money comes from or goes to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Source {
    /// Card data, passing through this process (PCI DSS scope).
    Card(Card),
    /// The provider's own page asks the customer.
    Hosted,
    /// An instrument that the provider stores, by the provider's id.
    Stored(String),
}

/// The kinds of [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// Card data.
    Card,
    /// The provider's page.
    Hosted,
    /// A stored instrument.
    Stored,
}

impl Source {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> SourceKind {
        match self {
            Self::Card(_) => SourceKind::Card,
            Self::Hosted => SourceKind::Hosted,
            Self::Stored(_) => SourceKind::Stored,
        }
    }
}

impl SourceKind {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Hosted => "hosted",
            Self::Stored => "stored",
        }
    }
}

/// Who pays. What is known is set, field by field.
///
/// ```
/// use paymux_core::{Charge, Source};
/// let mut charge = Charge::new("order1001a1".parse()?, "10.00 EUR".parse()?, Source::Hosted);
/// charge.customer.email = Some("jane@shop.example".to_owned());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Customer {
    /// The merchant's id of the customer.
    pub id: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// The address that the customer's browser came from.
    pub ip: Option<IpAddr>,
}

/// A postal address. What is known is set, field by field.
///
/// ```
/// let mut address = paymux_core::Address::default();
/// address.country = Some("DK".to_owned());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Address {
    /// The addressee.
    pub name: Option<String>,
    /// Street and house number.
    pub street: Option<String>,
    /// A second line.
    pub street2: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State, county or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
}

/// One line of what is bought.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LineItem {
    /// The merchant's article number.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// The price of one in minor units of the payment's currency, tax included.
    pub unit_minor: i64,
}

impl LineItem {
    /// So many of an article, each at this price in minor units of the payment's currency, tax included.
    #[must_use]
    pub fn new(sku: impl Into<String>, name: impl Into<String>, quantity: u32, unit_minor: i64) -> Self {
        Self {
            sku: sku.into(),
            name: name.into(),
            quantity,
            unit_minor,
        }
    }
}

/// Where the provider sends the customer and its notifications.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Urls {
    /// The page that the customer returns to.
    pub back: Option<String>,
    /// The page that the customer returns to after giving up, where the provider tells that apart.
    pub cancel: Option<String>,
    /// The address of the merchant's server for notifications about this payment.
    pub notify: Option<String>,
}

/// How the cardholder is authenticated.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ThreeDs {
    /// The provider does what it must, with the browser's data.
    Browser(Box<Browser>),
    /// It was done elsewhere; this is the result.
    External(Box<Authentication>),
    /// No data; the provider decides.
    #[default]
    None,
}

/// What the customer's browser says of itself, for 3-D Secure 2. A provider may want every field: set them all.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Browser {
    /// The `Accept` header.
    pub accept: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// `navigator.language`.
    pub language: String,
    /// Screen height in pixels.
    pub screen_height: u32,
    /// Screen width in pixels.
    pub screen_width: u32,
    /// Bits per pixel.
    pub color_depth: u32,
    /// `Date.getTimezoneOffset()`, minutes.
    pub timezone_minutes: i32,
    /// Whether Java is enabled.
    pub java: bool,
    /// Whether JavaScript is enabled.
    pub javascript: bool,
}

/// The result of a 3-D Secure authentication that was done elsewhere. `Debug` shows neither the cryptogram nor the older identifier.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Authentication {
    /// Electronic commerce indicator, two digits.
    pub eci: String,
    /// The cryptogram (CAVV), base64.
    pub cavv: String,
    /// The protocol version, as in `2.2.0`.
    pub version: Option<String>,
    /// The directory server's transaction id.
    pub ds_transaction_id: Option<String>,
    /// The transaction status: `Y`, `A`, `N`, `U`.
    pub status: Option<String>,
    /// The older transaction identifier (XID), base64.
    pub xid: Option<String>,
}

impl Authentication {
    /// A result with its indicator and its cryptogram; the other fields are public.
    #[must_use]
    pub fn new(eci: impl Into<String>, cavv: impl Into<String>) -> Self {
        Self {
            eci: eci.into(),
            cavv: cavv.into(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication")
            .field("eci", &self.eci)
            .field("version", &self.version)
            .field("status", &self.status)
            .field("ds_transaction_id", &self.ds_transaction_id)
            .finish_non_exhaustive()
    }
}

/// Who starts the payment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Initiator {
    /// The customer, present.
    #[default]
    Customer,
    /// The merchant, under an agreement with the customer.
    Merchant {
        /// What kind of agreement.
        kind: Agreement,
        /// The provider's or merchant's id of the agreement.
        agreement: Option<String>,
        /// The network's id of the first payment under the agreement.
        network_transaction_id: Option<String>,
    },
}

/// The kinds of agreement under which a merchant may start a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Agreement {
    /// A fixed number of parts of one price.
    Installment,
    /// At regular times.
    Recurring,
    /// When something happens.
    Unscheduled,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cryptogram_cannot_be_printed() {
        let authentication = Authentication {
            eci: "05".to_owned(),
            cavv: "canary".to_owned(),
            xid: Some("canary".to_owned()),
            ..Authentication::default()
        };
        let text = format!("{:?}", ThreeDs::External(Box::new(authentication)));
        assert!(text.contains("05") && !text.contains("canary"), "{text}");
    }
}
