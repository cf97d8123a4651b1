//! A gateway over several.

mod route;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use paymux::{
    Account, Answer, BoxFuture, Capabilities, Clock, Delivery, Error, ErrorKind, Event, Fate, Gateway, Inquiry, Leg,
    LegOutcome, LegWhy, MethodQuery, Operation, Outcome, PaymentGateway, PaymentMethod, PaymentRef, Reference,
    Unresolved, WebhookError, async_trait,
};
use paymux_journal::Journaled;

use crate::breaker::Breaker;
use crate::config::Rules;
use crate::legs::{Legs, Track};
use crate::offer::offer;

/// A gateway over several, each of them over one journal. The crate's page tells what pins, and what goes on to the next gateway.
///
/// # Behavior
/// - What begins a payment goes where the journal pins it, or else by the rules; what follows up on one goes to the account that holds it.
/// - Only what did nothing goes on to the next gateway of the rule. An unknown outcome never does: the error carries what to ask with.
/// - The answer's payment, or the error, lists the gateways that were tried or passed over, and why ([`Leg`]).
/// - Webhooks are refused: a delivery does not say which provider sent it. Give each to its own gateway.
pub struct Router {
    rules: Rules,
    capabilities: Capabilities,
    members: Vec<Member>,
    legs: Arc<dyn Legs>,
    clock: Arc<dyn Clock>,
}

struct Member {
    gateway: Arc<dyn PaymentGateway>,
    /// The same, not over the journal: what the journal asks.
    asked: Arc<dyn PaymentGateway>,
    breaker: Arc<Breaker>,
}

impl Member {
    fn name(&self) -> &str {
        self.gateway.name()
    }

    fn is_at(&self, provider: &str, account: &str) -> bool {
        let capabilities = self.gateway.capabilities();
        capabilities.provider == provider && capabilities.account.as_str() == account
    }
}

impl Router {
    /// A router over gateways of one journal.
    ///
    /// # Errors
    /// A gateway of the rules is missing or there twice, they are over several journals, or some are live and some are not.
    pub fn new(rules: Rules, gateways: Vec<Journaled<Gateway>>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let Some(journal) = gateways.first().map(|gateway| gateway.journal().clone()) else {
            return Err(refused(&rules, "has no gateways"));
        };
        let is_other = |other: &&Journaled<Gateway>| !Arc::ptr_eq(other.journal().store(), journal.store());
        if let Some(other) = gateways.iter().find(is_other) {
            let what = format!("has gateway `{}` over another journal than the first", other.name());
            return Err(refused(&rules, &what));
        }
        let members = gateways.into_iter().map(|gateway| {
            let asked: Arc<dyn PaymentGateway> = gateway.inner().clone();
            let gateway: Arc<dyn PaymentGateway> = Arc::new(gateway.routed());
            (gateway, asked)
        });
        Self::over(rules, members.collect(), Arc::new(journal), clock)
    }

    /// A router over any gateways, which reads the legs where it is told to. Nothing holds it to a journal: for tests of what happens without.
    ///
    /// # Errors
    /// As [`Router::new`].
    pub fn dangerous_over(
        rules: Rules,
        gateways: Vec<Arc<dyn PaymentGateway>>,
        legs: Arc<dyn Legs>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let members = gateways.into_iter().map(|gateway| (Arc::clone(&gateway), gateway));
        Self::over(rules, members.collect(), legs, clock)
    }

    fn over(
        rules: Rules,
        members: Vec<(Arc<dyn PaymentGateway>, Arc<dyn PaymentGateway>)>,
        legs: Arc<dyn Legs>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let gateways = || members.iter().map(|(gateway, _)| gateway);
        for name in rules.gateways() {
            match gateways().filter(|gateway| gateway.name() == name).count() {
                1 => {}
                0 => return Err(refused(&rules, &format!("needs gateway `{name}`, which was not given"))),
                _ => return Err(refused(&rules, &format!("was given gateway `{name}` twice"))),
            }
        }
        let capabilities: Vec<_> = gateways().map(|gateway| gateway.capabilities()).collect();
        let Some(mode) = capabilities.first().map(|first| first.mode) else {
            return Err(refused(&rules, "has no gateways"));
        };
        if capabilities.iter().any(|other| other.mode != mode) {
            return Err(refused(&rules, "mixes gateways of mode `live` and of mode `test`"));
        }
        let capabilities = offer(&rules.name, mode, &capabilities);
        let limits = rules.limits;
        let members = members.into_iter().map(|(gateway, asked)| Member {
            gateway,
            asked,
            breaker: Breaker::new(limits),
        });
        Ok(Self {
            rules,
            capabilities,
            members: members.collect(),
            legs,
            clock,
        })
    }

    /// The gateway on an account; of several, the one of this name.
    fn at(&self, provider: &str, account: &str, name: &str) -> Option<&Member> {
        let fitting = || self.members.iter().filter(|member| member.is_at(provider, account));
        fitting()
            .find(|member| member.name() == name)
            .or_else(|| fitting().next())
    }

    /// The gateways and where they are, for refusals.
    fn listed(&self) -> String {
        let one = |member: &Member| {
            let capabilities = member.gateway.capabilities();
            let account = capabilities.account.as_str();
            format!("`{}` ({} account {account})", member.name(), capabilities.provider)
        };
        self.members.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn stranger(&self, field: &'static str, gateway: &str, provider: &str, account: &Account) -> Error {
        let rule = format!(
            "{field} belongs to gateway `{gateway}` ({provider} account {}), and router `{}` has {}; nothing was sent",
            account.as_str(),
            self.rules.name,
            self.listed()
        );
        Error::invalid(field, rule)
    }

    /// What is about a payment goes to the account that holds it.
    async fn follow(&self, payment: &PaymentRef, operation: &Operation) -> Result<Answer, Error> {
        let (provider, account) = (payment.provider(), payment.account());
        match self.at(provider, account.as_str(), payment.gateway()) {
            Some(member) => with_leg(member, LegWhy::Payment, member.gateway.execute(operation).await),
            None => Err(self.stranger("payment", payment.gateway(), provider, account)),
        }
    }

    async fn of_unresolved(&self, open: &Unresolved, operation: &Operation) -> Result<Answer, Error> {
        match self.at(&open.provider, open.account.as_str(), &open.gateway) {
            Some(member) => with_leg(member, LegWhy::Reference, member.gateway.execute(operation).await),
            // What was in doubt still is.
            None => Err(self
                .stranger("unresolved", &open.gateway, &open.provider, &open.account)
                .with_fate(Fate::Unknown)
                .with_unresolved(open.clone())),
        }
    }

    /// By the caller's own name: at the gateway of its leg, by the payment where that is known.
    async fn by_reference(&self, reference: &Reference) -> Result<Answer, Error> {
        let accounts = self.accounts();
        let mut tracks = self.legs.legs(reference, None, &accounts).await?;
        let is_own = |track: &&Track| track.reference == *reference;
        // A leg at a gateway that is not in the router any more is found by the order.
        if let Some(order) = tracks.iter().filter(is_own).find_map(|track| track.order.clone()) {
            let more = self.legs.legs(reference, Some(&order), &accounts).await?;
            let is_new = |track: &Track| !tracks.iter().any(|known| known.is_same_leg(track));
            let mut all: Vec<_> = more.into_iter().filter(is_new).collect();
            all.append(&mut tracks);
            tracks = all;
        }
        let own = || tracks.iter().filter(is_own).rev();
        let Some(track) = own().find(|track| track.standing.takes()).or_else(|| own().next()) else {
            let rule = format!("{reference} has no leg at {}; nothing was asked", self.listed());
            return Err(Error::invalid("reference", format!("reference {rule}")));
        };
        let member = self.of_track(track)?;
        let inquiry = match &track.payment {
            Some(payment) => Inquiry::Payment(payment.clone()),
            None => Inquiry::Reference(reference.clone()),
        };
        with_leg(member, LegWhy::Reference, member.gateway.inquire(inquiry).await)
    }

    /// The gateway of a leg.
    fn of_track(&self, track: &Track) -> Result<&Member, Error> {
        self.at(&track.provider, &track.account, &track.gateway).ok_or_else(|| {
            let rule = format!(
                "{} {} at gateway `{}` ({} account {}), which is not in router `{}` any more: put it back, in a rule or in `follow_ups`; nothing was sent",
                track.reference,
                track.standing.words(),
                track.gateway,
                track.provider,
                track.account,
                self.rules.name
            );
            Error::invalid("reference", format!("reference {rule}"))
        })
    }

    /// The gateway of a leg of the call's own reference. Where it is gone, what that leg may have done still is: "not done" would allow a new attempt.
    fn of_own(&self, track: &Track) -> Result<&Member, Error> {
        self.of_track(track).map_err(|error| {
            if !track.standing.takes() {
                return error;
            }
            let error = error.with_fate(Fate::Unknown);
            match track.open.clone() {
                Some(open) => error.with_unresolved(open),
                None => error,
            }
        })
    }

    fn accounts(&self) -> Vec<&Capabilities> {
        self.members
            .iter()
            .map(|member| member.gateway.capabilities())
            .collect()
    }
}

fn refused(rules: &Rules, what: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("router `{}` {what}", rules.name))
}

/// What a leg came to.
fn outcome(result: &Result<Answer, Error>) -> LegOutcome {
    match result {
        Ok(answer) => match answer.outcome {
            Outcome::ActionRequired(_) => LegOutcome::ActionRequired,
            Outcome::Approved => LegOutcome::Approved,
            Outcome::Declined(_) => LegOutcome::Declined,
            Outcome::Review => LegOutcome::Review,
            _ => LegOutcome::Pending,
        },
        Err(error) => match error.fate() {
            Fate::NotDone => LegOutcome::NotDone,
            Fate::Rejected => LegOutcome::Rejected,
            Fate::Unknown => LegOutcome::Unknown,
        },
    }
}

/// What was said of it, for people.
fn said(result: &Result<Answer, Error>) -> String {
    match result {
        Ok(answer) => match &answer.outcome {
            Outcome::Declined(decline) => decline.to_string(),
            _ => String::new(),
        },
        Err(error) => error.message().to_owned(),
    }
}

fn with_leg(member: &Member, why: LegWhy, result: Result<Answer, Error>) -> Result<Answer, Error> {
    let leg = Leg::new(member.name(), None, why, outcome(&result)).saying(said(&result));
    with_legs(result, vec![leg])
}

fn with_legs(result: Result<Answer, Error>, legs: Vec<Leg>) -> Result<Answer, Error> {
    match result {
        Ok(mut answer) => {
            answer.payment.legs = legs;
            Ok(answer)
        }
        Err(error) => Err(error.with_legs(legs)),
    }
}

#[async_trait]
impl PaymentGateway for Router {
    fn name(&self) -> &str {
        &self.rules.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let result = match operation {
            Operation::Complete(completion) => self.of_unresolved(&completion.unresolved, operation).await,
            Operation::Inquire(Inquiry::Reference(reference)) => self.by_reference(reference).await,
            Operation::Resolve(open) => self.of_unresolved(open, operation).await,
            _ => match (operation.payment(), operation.reference()) {
                (Some(payment), _) => self.follow(payment, operation).await,
                (None, Some(reference)) => self.route(reference, operation).await,
                (None, None) => Err(Error::unsupported("router", operation.kind().as_str())),
            },
        };
        result.map_err(|error| error.in_operation(&self.rules.name, Some(operation.kind())))
    }

    fn close_page<'a>(&'a self, payment: &'a PaymentRef) -> BoxFuture<'a, Result<Answer, Error>> {
        match self.at(payment.provider(), payment.account().as_str(), payment.gateway()) {
            Some(member) => member.gateway.close_page(payment),
            None => {
                let (gateway, provider) = (payment.gateway(), payment.provider());
                let error = self.stranger("payment", gateway, provider, payment.account());
                Box::pin(std::future::ready(Err(error.in_operation(&self.rules.name, None))))
            }
        }
    }

    /// Answered where exactly one gateway offers it: the ids are a provider's own.
    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        let offers = |member: &&Member| member.gateway.capabilities().payment_methods;
        let mut offering = self.members.iter().filter(offers);
        match (offering.next(), offering.next()) {
            (Some(member), None) => member.gateway.payment_methods(query).await,
            (one, _) => {
                let why = match one {
                    Some(_) => "several gateways offer them, each with ids of its own: ask the gateway",
                    None => "no gateway offers them",
                };
                let error = Error::unsupported("router", &format!("payment methods: {why}"));
                Err(error.in_operation(&self.rules.name, None))
            }
        }
    }

    fn receive(&self, _delivery: &Delivery) -> Result<Event, WebhookError> {
        // Whose signature to look for, nothing but the path tells.
        Err(WebhookError::Unsupported)
    }

    fn sign(&self, _body: Bytes) -> Result<Delivery, WebhookError> {
        Err(WebhookError::Unsupported)
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.members.iter().map(Member::name).collect();
        f.debug_struct("Router")
            .field("name", &self.rules.name)
            .field("gateways", &names)
            .finish_non_exhaustive()
    }
}
