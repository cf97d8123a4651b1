//! From which state a payment may go to which.

use crate::{Payment, PaymentState};

/// What it means that a payment, known in one state, is reported in another.
///
/// The order of reports is decided by asking, not by arrival: compare what [`confirm`](crate::PaymentGateway::confirm) or an inquiry answered, never
/// what an event reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transition {
    /// It went on: take the new state.
    Forward,
    /// A success after it was over without money: take the new state, and let somebody look, since the order may have been given up or paid again.
    Late,
    /// Nothing leads from the one to the other. Keep the state that is known; if the provider keeps saying so, a person must look.
    Refused,
    /// The same state.
    Same,
    /// Something is under way on top of it: show that, and keep the state that it is on.
    UnderWay,
}

impl PaymentState {
    /// What it means that a payment known in this state is now reported in another.
    ///
    /// | from | to |
    /// |---|---|
    /// | created, requires action, pending, review | anything |
    /// | authorized | captured and what follows it, voided, expired |
    /// | partially captured | captured and what follows it |
    /// | captured | refunded (part, all), returned, charged back |
    /// | partially refunded | refunded, returned, charged back |
    /// | refunded | charged back |
    /// | charged back | captured, refunded (part, all): won back |
    /// | paid out, transferred | refunded (part, all), returned |
    /// | declined, cancelled, expired | anything that held or moved money, flagged as late |
    /// | returned, voided | nothing |
    ///
    /// A state may be passed over: nobody saw the capture of a payment that is refunded by now.
    ///
    /// ```
    /// use paymux_core::{PaymentState, Transition};
    ///
    /// assert_eq!(PaymentState::Captured.transition(PaymentState::ChargedBack), Transition::Forward);
    /// assert_eq!(PaymentState::Expired.transition(PaymentState::Captured), Transition::Late);
    /// assert_eq!(PaymentState::Voided.transition(PaymentState::Authorized), Transition::Refused);
    /// ```
    #[must_use]
    pub fn transition(self, to: Self) -> Transition {
        if self == to {
            return Transition::Same;
        }
        let forward = |follows: bool| {
            if follows {
                Transition::Forward
            } else {
                Transition::Refused
            }
        };
        let after_capture = matches!(
            to,
            Self::PartiallyRefunded | Self::Refunded | Self::Returned | Self::ChargedBack
        );
        match (self, to) {
            (Self::Created | Self::RequiresAction | Self::Pending | Self::Review, _) => Transition::Forward,
            (Self::Declined | Self::Cancelled | Self::Expired, _) if to.had_money() => Transition::Late,
            (Self::Declined | Self::Cancelled | Self::Expired | Self::Returned | Self::Voided, _) => {
                Transition::Refused
            }
            (_, Self::Pending) => Transition::UnderWay,
            (Self::Authorized, Self::PartiallyCaptured | Self::Captured | Self::Voided | Self::Expired) => {
                Transition::Forward
            }
            (Self::PartiallyCaptured, Self::Captured) => Transition::Forward,
            (Self::Authorized | Self::PartiallyCaptured | Self::Captured, _) => forward(after_capture),
            (Self::PartiallyRefunded, Self::Refunded | Self::Returned | Self::ChargedBack) => Transition::Forward,
            (Self::PartiallyRefunded, _) => Transition::Refused,
            (Self::Refunded, _) => forward(to == Self::ChargedBack),
            (
                Self::ChargedBack,
                Self::PartiallyCaptured | Self::Captured | Self::PartiallyRefunded | Self::Refunded,
            ) => Transition::Forward,
            (Self::ChargedBack, _) => Transition::Refused,
            (Self::PaidOut | Self::Transferred, _) => {
                forward(matches!(to, Self::PartiallyRefunded | Self::Refunded | Self::Returned))
            }
        }
    }

    /// Whether money was held or moved to come to this state.
    const fn had_money(self) -> bool {
        match self {
            Self::Authorized
            | Self::Captured
            | Self::ChargedBack
            | Self::PaidOut
            | Self::PartiallyCaptured
            | Self::PartiallyRefunded
            | Self::Refunded
            | Self::Returned
            | Self::Review
            | Self::Transferred
            | Self::Voided => true,
            Self::Cancelled | Self::Created | Self::Declined | Self::Expired | Self::Pending | Self::RequiresAction => {
                false
            }
        }
    }
}

impl Payment {
    /// Holds it, as confirmed, against the state that it was known in, and marks a late success.
    pub fn follow(&mut self, known: PaymentState) -> Transition {
        let transition = known.transition(self.state);
        self.late |= transition == Transition::Late;
        transition
    }
}

#[cfg(test)]
mod tests {
    use super::PaymentState::{
        Authorized, Cancelled, Captured, ChargedBack, Created, Declined, Expired, PaidOut, PartiallyCaptured,
        PartiallyRefunded, Pending, Refunded, RequiresAction, Returned, Review, Transferred, Voided,
    };
    use super::*;
    use crate::{Account, PaymentRef};

    const ALL: [PaymentState; 17] = [
        Created,
        RequiresAction,
        Pending,
        Review,
        Authorized,
        PartiallyCaptured,
        Captured,
        PartiallyRefunded,
        Refunded,
        Returned,
        ChargedBack,
        PaidOut,
        Transferred,
        Declined,
        Cancelled,
        Expired,
        Voided,
    ];

    /// Every pair, in the order of `ALL`: a row for each known state. `=` same, `>` forward, `!` late, `~` under way, `.` refused.
    const TABLE: [(PaymentState, &str); 17] = [
        (Created, "=>>>>>>>>>>>>>>>>"),
        (RequiresAction, ">=>>>>>>>>>>>>>>>"),
        (Pending, ">>=>>>>>>>>>>>>>>"),
        (Review, ">>>=>>>>>>>>>>>>>"),
        (Authorized, "..~.=>>>>>>....>>"),
        (PartiallyCaptured, "..~..=>>>>>......"),
        (Captured, "..~...=>>>>......"),
        (PartiallyRefunded, "..~....=>>>......"),
        (Refunded, "..~.....=.>......"),
        (Returned, ".........=......."),
        (ChargedBack, "..~..>>>>.=......"),
        (PaidOut, "..~....>>>.=....."),
        (Transferred, "..~....>>>..=...."),
        (Declined, "...!!!!!!!!!!=..!"),
        (Cancelled, "...!!!!!!!!!!.=.!"),
        (Expired, "...!!!!!!!!!!..=!"),
        (Voided, "................="),
    ];

    #[test]
    fn every_pair_is_as_the_table_says() {
        assert!(TABLE.iter().map(|(from, _)| *from).eq(ALL));
        for (from, row) in TABLE {
            assert_eq!(row.len(), ALL.len(), "{from}");
            for (to, mark) in ALL.into_iter().zip(row.chars()) {
                let expected = match mark {
                    '=' => Transition::Same,
                    '>' => Transition::Forward,
                    '!' => Transition::Late,
                    '~' => Transition::UnderWay,
                    _ => Transition::Refused,
                };
                assert_eq!(from.transition(to), expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn a_late_success_is_marked() {
        let account = Account::of(&["a"]);
        let mut payment = Payment::new(PaymentRef::new("x", account, ["1"]), Captured);
        assert_eq!(payment.follow(Captured), Transition::Same);
        assert!(!payment.late);
        assert_eq!(payment.follow(Cancelled), Transition::Late);
        assert!(payment.late);
    }
}
