//! Which gateways can do an operation, before anything is sent.

use std::fmt;

use paymux_core::{Error, Field, Operation};

use super::Gateways;

/// What one gateway would make of an operation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The gateway's name.
    pub gateway: String,
    /// The optional data that it would drop; or why it would refuse, before anything is sent.
    pub verdict: Result<Vec<Field>, Error>,
}

impl Gateways {
    /// What every gateway would make of an operation, in the order of their names. Nothing is sent: this is what each declares, not what its provider would say.
    ///
    /// ```
    /// use paymux::{Charge, Gateways, Operation, Source};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let gateways = Gateways::from_toml(
    ///     "[gateways.africa]\nprovider = 'opp'\nmode = 'test'\npreset = 'v3'\naccess_token = 't'\n\
    ///      [gateways.cards]\nprovider = 'coolpay'\nmode = 'test'\napi_key = 'a'",
    /// )?;
    /// let charge = Charge::new("order1001a1".parse()?, "100.00 DKK".parse()?, Source::Stored("card-7".to_owned()));
    /// let plan = gateways.plan(&Operation::Sale(Box::new(charge)));
    /// let words: Vec<_> = plan.iter().map(ToString::to_string).collect();
    /// assert_eq!(words, ["africa: no: unsupported by opp: sale with source stored", "cards: yes"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn plan(&self, operation: &Operation) -> Vec<Planned> {
        let current = self.current();
        let plan = current.iter().map(|(name, gateway)| Planned {
            gateway: name.clone(),
            verdict: gateway.check(operation),
        });
        plan.collect()
    }
}

impl Planned {
    /// Whether the gateway would take it.
    #[must_use]
    pub const fn is_possible(&self) -> bool {
        self.verdict.is_ok()
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Ok(dropped) if dropped.is_empty() => write!(f, "{}: yes", self.gateway),
            Ok(dropped) => {
                let dropped: Vec<_> = dropped.iter().map(|field| field.as_str()).collect();
                write!(f, "{}: yes, without {}", self.gateway, dropped.join(", "))
            }
            Err(error) => write!(f, "{}: no: {}", self.gateway, error.message()),
        }
    }
}
