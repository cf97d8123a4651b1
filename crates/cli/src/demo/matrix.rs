//! What every gateway is expected to do: `matrix.tsv`, taken from what the providers document.
//!
//! A cell is `-` where the provider does not offer the operation. Else it is what the call is first answered with, then what the ledger must hold
//! in the end (`authorize+capture`), then `partial` where it is done in parts. The last column is the reason of a declined payment.

use crate::exit::Failure;

/// The columns: the operations, the list of methods, and a declined payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Money taken at once.
    Sale,
    /// Money held.
    Authorize,
    /// Held money taken.
    Capture,
    /// A hold let go.
    Void,
    /// Money given back.
    Refund,
    /// A payment looked up.
    Inquire,
    /// The provider's page.
    Checkout,
    /// Money sent out.
    Payout,
    /// Money moved between accounts.
    Transfer,
    /// The ways to pay.
    Methods,
    /// A payment that is declined.
    Declined,
}

impl Column {
    /// Every column, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Sale,
        Self::Authorize,
        Self::Capture,
        Self::Void,
        Self::Refund,
        Self::Inquire,
        Self::Checkout,
        Self::Payout,
        Self::Transfer,
        Self::Methods,
        Self::Declined,
    ];

    /// The column's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Inquire => "inquire",
            Self::Checkout => "checkout",
            Self::Payout => "payout",
            Self::Transfer => "transfer",
            Self::Methods => "methods",
            Self::Declined => "declined",
        }
    }
}

/// The expected table.
#[derive(Debug)]
pub struct Matrix {
    rows: Vec<(&'static str, Vec<&'static str>)>,
}

impl Matrix {
    /// Reads the table that is compiled in.
    ///
    /// # Errors
    /// It does not have these columns.
    pub fn read() -> Result<Self, Failure> {
        let wrong = || Failure::Other("the table of expected outcomes cannot be read".to_owned());
        let mut lines = include_str!("matrix.tsv").lines();
        let head: Vec<_> = lines.next().unwrap_or_default().split('\t').skip(1).collect();
        if head != Column::ALL.map(Column::as_str) {
            return Err(wrong());
        }
        let rows = lines.map(|line| {
            let mut cells = line.split('\t');
            let gateway = cells.next().ok_or_else(wrong)?;
            let cells: Vec<_> = cells.collect();
            if cells.len() == Column::ALL.len() {
                Ok((gateway, cells))
            } else {
                Err(wrong())
            }
        });
        Ok(Self {
            rows: rows.collect::<Result<_, _>>()?,
        })
    }

    /// The gateways of the table.
    pub fn gateways(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|(gateway, _)| *gateway)
    }

    /// What is expected in a cell; `None` if the table has no such gateway.
    #[must_use]
    pub fn expected(&self, gateway: &str, column: Column) -> Option<&'static str> {
        let (_, cells) = self.rows.iter().find(|(name, _)| *name == gateway)?;
        let at = Column::ALL.iter().position(|c| *c == column)?;
        cells.get(at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_gateway_once_and_every_cell() {
        let matrix = Matrix::read().unwrap();
        let names: Vec<_> = matrix.gateways().collect();
        assert_eq!(names, ["coolpay", "opp-v3", "opp-v1", "qolo", "keybank", "carry1st"]);
        assert_eq!(matrix.expected("opp-v3", Column::Payout), Some("-"));
        assert_eq!(matrix.expected("carry1st", Column::Declined), Some("unknown"));
        assert_eq!(matrix.expected("acme", Column::Sale), None);
    }
}
