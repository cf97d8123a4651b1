//! A sale pulls from a stored instrument, a payout pushes to one, a transfer stays inside; all three are one call.

use paymux_core::decimal::Number;
use paymux_core::{Answer, Charge, Error, Memo, Money, Operation, Payout, Reply, Source, Transfer, Wire};

use crate::adapter::{PROVIDER, Qolo};
use crate::codes::{Rail, TransferType};
use crate::reading::{Asked, refusal};
use crate::shapes::{Locator, TransferRequest};

impl Qolo {
    /// Pulls money from a stored instrument into the configured account.
    pub(crate) async fn sale(&self, operation: &Operation, charge: &Charge, wire: &dyn Wire) -> Result<Answer, Error> {
        let (rail, instrument) = self.instrument(&charge.source)?;
        let asked = Asked {
            kind: rail.pull(),
            reference: &charge.reference,
            amount: charge.amount,
            order: charge.order.as_deref(),
        };
        let body = self.body(
            &asked,
            charge.description.as_deref(),
            Locator::instrument(instrument),
            Locator::account(&self.account),
        )?;
        wire.note(Memo::new("account", &self.account)).await?;
        wire.note(Memo::new("instrument", instrument)).await?;
        self.create(operation, &asked, &body, wire).await
    }

    /// Pushes money from the configured account to a stored instrument.
    pub(crate) async fn payout(
        &self,
        operation: &Operation,
        payout: &Payout,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let (rail, instrument) = self.instrument(&payout.to)?;
        let asked = Asked {
            kind: rail.push(),
            reference: &payout.reference,
            amount: payout.amount,
            order: None,
        };
        let body = self.body(
            &asked,
            payout.description.as_deref(),
            Locator::account(&self.account),
            Locator::instrument(instrument),
        )?;
        wire.note(Memo::new("account", &self.account)).await?;
        wire.note(Memo::new("instrument", instrument)).await?;
        self.create(operation, &asked, &body, wire).await
    }

    /// Moves money between two accounts at the provider.
    pub(crate) async fn transfer(
        &self,
        operation: &Operation,
        transfer: &Transfer,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        if transfer.from.is_empty() || transfer.to.is_empty() || transfer.from == transfer.to {
            return Err(Error::invalid(
                "to",
                "and from must be the ids of two different accounts",
            ));
        }
        let asked = Asked {
            kind: TransferType::AccountToAccount,
            reference: &transfer.reference,
            amount: transfer.amount,
            order: None,
        };
        let body = self.body(
            &asked,
            transfer.description.as_deref(),
            Locator::account(&transfer.from),
            Locator::account(&transfer.to),
        )?;
        wire.note(Memo::new("account", &transfer.from)).await?;
        self.create(operation, &asked, &body, wire).await
    }

    /// `POST transfers`. Its answer lost, nothing is looked for here: a search may find somebody else's.
    async fn create(
        &self,
        operation: &Operation,
        asked: &Asked<'_>,
        body: &TransferRequest<'_>,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        wire.note(Memo::new("transfer", asked.kind.as_str())).await?;
        let refused = |reply: &Reply| refusal(reply, true, wire.now());
        let reply = self.moved("/transfers", body, operation, refused, wire).await?;
        let created = self.created(&reply, asked);
        if let Some(payment) = created.as_ref().err().and_then(Error::payment) {
            wire.note(Memo::new("payment", payment.id())).await?;
        }
        created
    }

    /// The rail and the id of a stored instrument: `card:GUID`, `ach:GUID`, `rtp:GUID`, or an id alone on the configured rail.
    fn instrument<'a>(&self, source: &'a Source) -> Result<(Rail, &'a str), Error> {
        let Source::Stored(id) = source else {
            let what = format!("source {}", source.kind().as_str());
            return Err(Error::unsupported(PROVIDER, &what));
        };
        let (rail, guid) = match id.split_once(':') {
            None => (Some(self.funding), id.as_str()),
            Some((rail, guid)) => (Rail::parse(rail), guid),
        };
        match rail {
            Some(rail) if !guid.is_empty() && !guid.contains(':') => Ok((rail, guid)),
            _ => Err(Error::invalid(
                "source",
                "must be an outside_instrument_guid, alone or after `card:`, `ach:` or `rtp:`",
            )),
        }
    }

    fn body<'a>(
        &self,
        asked: &Asked<'a>,
        description: Option<&'a str>,
        source: Locator<'a>,
        destination: Locator<'a>,
    ) -> Result<TransferRequest<'a>, Error> {
        Ok(TransferRequest {
            client_reference_id: asked.reference.as_str(),
            transfer_type: asked.kind.as_str(),
            channel_type: asked.kind.channel(),
            amount: self.number(asked.amount)?,
            currency: asked.amount.currency().code(),
            description,
            memo_code: asked.reference.as_str(),
            source,
            destination,
        })
    }

    /// An amount as the JSON number that the wire wants: major units.
    pub(crate) fn number(&self, amount: Money) -> Result<Number, Error> {
        let scales = &self.capabilities.scales;
        let refused = |error: paymux_core::MoneyError| Error::invalid("amount", error.to_string());
        let units = scales.units(amount).map_err(refused)?;
        let digits = scales.digits(amount.currency()).map_err(refused)?;
        Ok(Number::new(units, digits))
    }
}
