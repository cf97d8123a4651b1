//! Where an operation that begins a payment goes, leg by leg.

use jiff::Timestamp;
use paymux::{
    Account, Answer, Error, ErrorKind, Fate, Initiator, Leg, LegOutcome, LegWhy, Operation, Outcome, Reference, Source,
};

use super::{Member, Router, outcome, said, with_legs};
use crate::breaker::Reading;
use crate::legs::Track;
use crate::pin::{Free, Onward, Pin, pin};
use crate::rule::{Facts, Rule};

/// A gateway that a rule leads to.
struct Candidate<'a> {
    member: &'a Member,
    rule: u32,
    why: LegWhy,
}

/// What a call does next.
enum Turn<'a, 't> {
    /// It goes to a gateway.
    Go(Candidate<'a>),
    /// What takes the order at a gateway is asked about there; then the record is read anew.
    Look(&'t Track, &'a Member),
    /// It stops here, for this reason, if there is one.
    Stop(Option<Error>),
    /// Its own gateway is not there any more, whatever was said before.
    Gone(Error),
}

/// A call on its way from gateway to gateway.
#[derive(Default)]
struct Course<'a> {
    legs: Vec<Leg>,
    /// The gateways that this call went to.
    tried: Vec<&'a Member>,
    /// What the last of them said, where that allows the next.
    last: Option<Result<Answer, Error>>,
    /// The legs that take the order at gateways to which the rules do not lead, and were asked about.
    asked: Vec<(String, String, Reference)>,
}

impl Course<'_> {
    fn has_tried(&self, member: &Member) -> bool {
        self.tried.iter().any(|tried| std::ptr::eq(*tried, member))
    }

    /// Whether this gateway gave the last answer, of which the record may know nothing yet.
    fn was_answered_last_by(&self, member: &Member) -> bool {
        let is_last = self.tried.last().is_some_and(|tried| std::ptr::eq(*tried, member));
        is_last && matches!(self.last, Some(Ok(_)))
    }

    /// Adds what was passed over, once.
    fn pass(&mut self, passed: Vec<Leg>) {
        for leg in passed {
            if !self.legs.contains(&leg) {
                self.legs.push(leg);
            }
        }
    }

    /// No gateway is left: what the last one said stands; where none was asked, this.
    fn stop(mut self, why: Option<Error>) -> Result<Answer, Error> {
        let result = self.last.take().unwrap_or_else(|| Err(nothing(why)));
        self.end(result)
    }

    fn end(self, result: Result<Answer, Error>) -> Result<Answer, Error> {
        with_legs(result, self.legs)
    }
}

impl Router {
    /// Goes where the record pins it, or by the rules; and on to the next gateway while the call and the record agree that nothing was done.
    pub(super) async fn route(&self, reference: &Reference, operation: &Operation) -> Result<Answer, Error> {
        let order = operation.charge().and_then(|charge| charge.order.as_deref());
        let accounts = self.accounts();
        let onward = Onward(&self.rules.reasons);
        let mut course = Course::default();
        loop {
            let tracks = match self.legs.legs(reference, order, &accounts).await {
                Ok(tracks) => tracks,
                Err(error) => return course.stop(Some(error)),
            };
            let next = match self.turn(reference, operation, &tracks, &mut course) {
                Turn::Go(next) => next,
                Turn::Look(track, member) => match self.look(track, member, &mut course).await {
                    Ok(()) => continue,
                    Err(error) => return course.stop(Some(error)),
                },
                Turn::Stop(error) => return course.stop(error),
                Turn::Gone(error) => return course.end(Err(error)),
            };
            let rule = (next.rule != 0).then_some(next.rule);
            let result = self.go(next.member, operation).await;
            let leg = Leg::new(next.member.name(), rule, next.why, outcome(&result)).saying(said(&result));
            course.legs.push(leg);
            if !goes_on(&result, onward) {
                return course.end(result.map_err(|error| in_doubt(error, next.member)));
            }
            course.tried.push(next.member);
            course.last = Some(result);
        }
    }

    /// What comes next, by the record as it stands.
    fn turn<'a, 't>(
        &'a self,
        reference: &Reference,
        operation: &Operation,
        tracks: &'t [Track],
        course: &mut Course<'a>,
    ) -> Turn<'a, 't> {
        let own = || tracks.iter().filter(|track| track.reference == *reference);
        let pinned = match pin(operation, tracks, Onward(&self.rules.reasons)) {
            Ok(pinned) => pinned,
            Err(error) => return Turn::Stop(Some(error)),
        };
        if course.tried.is_empty() {
            let again = |track: &&Track| !matches!(pinned, Pin::Reference(leg) if std::ptr::eq(leg, *track));
            course.legs = own().filter(again).map(Track::leg).collect();
        }
        let next = match &pinned {
            Pin::Reference(track) => {
                if let Err(gone) = self.of_own(track) {
                    course.pass(vec![track.leg()]);
                    return Turn::Gone(gone);
                }
                self.pinned(track, LegWhy::Reference)
            }
            Pin::Order(track) => match self.of_track(track) {
                Ok(member) if !self.leads_to(member, operation) => return Turn::Look(track, member),
                _ => self.pinned(track, LegWhy::Order),
            },
            Pin::Free(free) => {
                // Where the record knows nothing of a leg, the journal refused it, and no provider was asked.
                let unknown = |member: &&Member| !own().any(|track| member.is_at(&track.provider, &track.account));
                if course.last.is_some() && course.tried.last().is_some_and(unknown) {
                    return Turn::Stop(None);
                }
                // It made way for another call, which may have been refused for good: only that one knows whether there is a next gateway.
                if matches!(&course.last, Some(Err(error)) if error.is_beside_another()) {
                    return Turn::Stop(None);
                }
                self.free(operation, free, course)
            }
        };
        match next {
            Ok(next) if !course.has_tried(next.member) => Turn::Go(next),
            Ok(next)
                if let Pin::Reference(track) = &pinned
                    && track.standing.takes()
                    && !course.was_answered_last_by(next.member) =>
            {
                Turn::Gone(beside(track, next.member))
            }
            other => {
                if let Pin::Order(track) = &pinned
                    && track.standing.takes()
                {
                    course.last = course.last.take().map(|last| last.map_err(Error::beside_another));
                }
                Turn::Stop(other.err())
            }
        }
    }

    /// Whether the rules may send this operation to a gateway.
    fn leads_to(&self, member: &Member, operation: &Operation) -> bool {
        let line = self.line(operation, &Free::default());
        line.is_ok_and(|(line, _)| line.iter().any(|candidate| std::ptr::eq(candidate.member, member)))
    }

    /// What takes the order at a gateway that this operation may not be sent to is asked about, once; then the record is read anew.
    async fn look(&self, track: &Track, member: &Member, course: &mut Course<'_>) -> Result<(), Error> {
        let leg = (track.provider.clone(), track.account.clone(), track.reference.clone());
        if course.asked.contains(&leg) {
            let payment = track.payment.as_ref().map(|payment| format!(" by payment {payment}"));
            let message = format!(
                "order {} is taken{} under reference {} at gateway `{}`, which {}; nothing was sent",
                paymux::visible(track.order.as_deref().unwrap_or_default()),
                payment.unwrap_or_default(),
                track.reference,
                track.gateway,
                track.standing.words()
            );
            return Err(Error::invalid("order", message));
        }
        course.asked.push(leg);
        self.legs.ask(track, &*member.asked).await
    }

    async fn go(&self, member: &Member, operation: &Operation) -> Result<Answer, Error> {
        let permit = member.breaker.enter(self.clock.now());
        let result = member.gateway.execute(operation).await;
        permit.end(Reading::of(&result), self.clock.now());
        result
    }

    fn pinned(&self, track: &Track, why: LegWhy) -> Result<Candidate<'_>, Error> {
        let member = self.of_track(track)?;
        Ok(Candidate { member, rule: 0, why })
    }

    /// The next gateway by the rules; where all that are left declined already, the last of these, which gives its recorded answer.
    fn free<'a>(
        &'a self,
        operation: &Operation,
        free: &Free<'_>,
        course: &mut Course<'a>,
    ) -> Result<Candidate<'a>, Error> {
        let (line, passed) = self.line(operation, free)?;
        course.pass(passed);
        let mut left = line.into_iter().filter(|candidate| !course.has_tried(candidate.member));
        if let Some(mut next) = left.next() {
            if !course
                .legs
                .iter()
                .all(|leg| matches!(leg.outcome, LegOutcome::Passed | LegOutcome::Unsuited))
            {
                next.why = LegWhy::Next;
            }
            return Ok(next);
        }
        match free.declined.last() {
            Some(track) => self.pinned(track, LegWhy::Reference),
            None => Err(self.nowhere(operation, "every gateway of the rule was tried")),
        }
    }

    /// The gateways of the rule that counts, in the order in which they are tried, and those that were passed over.
    fn line(&self, operation: &Operation, free: &Free<'_>) -> Result<(Vec<Candidate<'_>>, Vec<Leg>), Error> {
        let facts = Facts::of(operation);
        let now = self.clock.now();
        let order = operation.charge().and_then(|charge| charge.order.as_deref());
        let key = order
            .or(operation.reference().map(Reference::as_str))
            .unwrap_or_default();
        let mut passed = Vec::new();
        for rule in self.rules.rules.iter().filter(|rule| rule.when.fits(&facts)) {
            let mut line = self.suited(operation, rule, key, now, &mut passed);
            if line.is_empty() {
                continue;
            }
            self.one_provider(operation, rule, &line)?;
            by_record(&mut line, free);
            return Ok((by_breakers(line, now, &mut passed), passed));
        }
        if passed.is_empty() {
            return Err(self.nowhere(operation, "no rule fits it"));
        }
        let reasons: Vec<_> = passed
            .iter()
            .map(|leg| format!("{}: {}", leg.gateway, leg.said))
            .collect();
        let what = format!("no gateway of the rules that fit can do it: {}", reasons.join("; "));
        Err(self.nowhere(operation, &what).with_legs(passed))
    }

    /// The gateways of a rule that can do it; the others are passed over.
    fn suited<'a>(
        &'a self,
        operation: &Operation,
        rule: &'a Rule,
        key: &str,
        now: Timestamp,
        passed: &mut Vec<Leg>,
    ) -> Vec<Candidate<'a>> {
        let why = if rule.to.is_weighted() {
            LegWhy::Weight
        } else {
            LegWhy::Rule
        };
        let mut line = Vec::new();
        for member in self.named(rule, key) {
            match member.gateway.capabilities().check(operation, now) {
                Ok(_) => line.push(Candidate {
                    member,
                    rule: rule.number,
                    why,
                }),
                Err(error) => {
                    let leg = Leg::new(member.name(), Some(rule.number), why, LegOutcome::Unsuited);
                    passed.push(leg.saying(error.message()));
                }
            }
        }
        line
    }

    /// The gateways of a rule, in the order that a key has there.
    fn named<'a>(&'a self, rule: &'a Rule, key: &str) -> Vec<&'a Member> {
        let names = rule.to.line(key, rule.number).into_iter();
        let member = |name: &str| self.members.iter().find(|member| member.name() == name);
        names.filter_map(member).collect()
    }

    /// What means something at one provider only is not spread over several.
    fn one_provider(&self, operation: &Operation, rule: &Rule, line: &[Candidate<'_>]) -> Result<(), Error> {
        let Some(what) = bound(operation) else { return Ok(()) };
        let account = |candidate: &Candidate<'_>| -> (&'static str, Account) {
            let capabilities = candidate.member.gateway.capabilities();
            (capabilities.provider, capabilities.account.clone())
        };
        let first = line.first().map(account);
        if line.iter().map(account).all(|other| first.as_ref() == Some(&other)) {
            return Ok(());
        }
        let names: Vec<_> = line.iter().map(|candidate| candidate.member.name()).collect();
        let message = format!(
            "router `{}`: {what} means something at one provider only, and rule {} leads to {}: give it a rule of its own, with one gateway; nothing was sent",
            self.rules.name,
            rule.number,
            names.join(", ")
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }

    fn nowhere(&self, operation: &Operation, why: &str) -> Error {
        let message = format!(
            "router `{}` has no gateway for this {}: {why}; nothing was sent",
            self.rules.name,
            operation.kind()
        );
        Error::new(ErrorKind::Unsupported, message)
    }
}

/// Puts a line into the order that earlier legs give it: the near gateway first, the far ones last, and none that declined already.
fn by_record(line: &mut Vec<Candidate<'_>>, free: &Free<'_>) {
    let is_among = |tracks: &[&Track], member: &Member| tracks.iter().any(|track| is_of(member, track));
    line.retain(|candidate| !is_among(&free.declined, candidate.member));
    line.sort_by_key(|candidate| match free.near {
        Some(near) if is_of(candidate.member, near) => 0,
        _ if is_among(&free.far, candidate.member) => 2,
        _ => 1,
    });
    for candidate in line {
        if free.near.is_some_and(|near| is_of(candidate.member, near)) {
            candidate.why = LegWhy::Order;
        }
    }
}

/// Puts those last that their breakers hold back; they are passed over where there are others.
fn by_breakers<'a>(line: Vec<Candidate<'a>>, now: Timestamp, passed: &mut Vec<Leg>) -> Vec<Candidate<'a>> {
    let (mut line, back): (Vec<_>, Vec<_>) = line
        .into_iter()
        .partition(|candidate| candidate.member.breaker.stands_back(now).is_none());
    if !line.is_empty() {
        for candidate in &back {
            let why = candidate.member.breaker.stands_back(now).unwrap_or_default();
            let leg = Leg::new(
                candidate.member.name(),
                Some(candidate.rule),
                candidate.why,
                LegOutcome::Passed,
            );
            passed.push(leg.saying(why));
        }
    }
    line.extend(back);
    line
}

fn is_of(member: &Member, track: &Track) -> bool {
    member.is_at(&track.provider, &track.account)
}

/// What in an operation is an id of one provider's.
fn bound(operation: &Operation) -> Option<&'static str> {
    let stored = |source: &Source| matches!(source, Source::Stored(_)).then_some("a stored instrument");
    match operation {
        Operation::Payout(payout) => stored(&payout.to),
        Operation::Transfer(_) => Some("an account"),
        _ => {
            let charge = operation.charge()?;
            let agreed = matches!(&charge.initiator, Initiator::Merchant { agreement: Some(_), .. });
            stored(&charge.source).or_else(|| agreed.then_some("an agreement"))
        }
    }
}

/// Whether what a leg came to allows the next one.
fn goes_on(result: &Result<Answer, Error>, onward: Onward<'_>) -> bool {
    match result {
        Ok(answer) => matches!(&answer.outcome, Outcome::Declined(decline) if onward.allows(decline)),
        Err(error) if error.kind() == ErrorKind::Mismatch || error.is_unrecorded() => false,
        Err(error) => match error.fate() {
            Fate::NotDone => true,
            Fate::Rejected => error.decline().is_some_and(|decline| onward.allows(decline)),
            Fate::Unknown => false,
        },
    }
}

/// Says which leg is in doubt.
fn in_doubt(error: Error, member: &Member) -> Error {
    if error.fate() != Fate::Unknown {
        return error;
    }
    let text = format!(
        "the leg at gateway `{}` is in doubt, and no other is tried",
        member.name()
    );
    error.context(&text)
}

/// Another call under the same reference has begun where this one did nothing.
fn beside(track: &Track, member: &Member) -> Error {
    let message = format!(
        "another call under reference {} came to gateway `{}` after this one, and {}; nothing more was sent by this one",
        track.reference,
        member.name(),
        track.standing.words()
    );
    let error = Error::new(ErrorKind::Network, message).with_fate(Fate::Unknown);
    match track.open.clone() {
        Some(open) => error.with_unresolved(open),
        None => error,
    }
}

fn nothing(error: Option<Error>) -> Error {
    error.unwrap_or_else(|| Error::new(ErrorKind::Provider, "no gateway is left to try; nothing was sent"))
}
