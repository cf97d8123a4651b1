//! What the application does about an operation whose outcome is unknown: it asks, and asks again later; then it finishes what can be finished
//! without moving money twice; and what is left then is for a person.

use std::time::Duration;

use paymux::{Answer, AskAfterwards, Duplicates, Error, Fate, Unresolved};

use crate::book::{End, Page};
use crate::plan::Mishap;
use crate::shop::Shop;
use paymux_simulator::Fault;

/// The waits before each question, in seconds; `None`: until nothing can be booked any more.
const WAITS: [Option<u64>; 9] = [
    Some(1),
    Some(7),
    Some(31),
    None,
    Some(61),
    Some(300),
    Some(900),
    Some(3600),
    Some(3600),
];
/// From which question on all that could be booked is booked.
const SETTLED: u32 = 4;
/// How often an operation is done again under its reference or key.
const FINISHES: u32 = 4;

impl Shop<'_> {
    pub(crate) async fn ask(&self, step: usize, page: Page, open: Unresolved) {
        let asked = page.asked;
        let place = usize::try_from(asked).unwrap_or(usize::MAX);
        let Some(wait) = WAITS.get(place) else {
            return self.book.close(step, End::Person);
        };
        let wait = match wait {
            Some(seconds) => Duration::from_secs(*seconds),
            None => self.until_settled(&open),
        };
        tokio::time::sleep(wait).await;
        self.book.write(step, |page| page.asked += 1);
        let result = self.gateway.resolve(open.clone()).await;
        match &result {
            Err(error) if error.fate() == Fate::Unknown && error.kind() != paymux::ErrorKind::Mismatch => {
                self.book.write(step, |page| {
                    page.said = error.to_string();
                });
                self.finish(step, open).await;
            }
            _ => self.absorb(step, result).await,
        }
    }

    fn until_settled(&self, open: &Unresolved) -> Duration {
        let settle = self.gateway.capabilities().settle.unwrap_or(Duration::from_secs(120));
        let until = open.last_sent.checked_add(settle + Duration::from_secs(1));
        let now = self.stand.provider.now();
        until.map_or(settle, |until| {
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        })
    }

    /// Asking told nothing: finishes the operation where that cannot do it twice.
    async fn finish(&self, step: usize, open: Unresolved) {
        let Some(page) = self.book.page(step) else { return };
        let capabilities = self.gateway.capabilities();
        let by_key = matches!(capabilities.duplicates, Duplicates::Key(_));
        let by_name = capabilities.duplicates == Duplicates::UniqueReference && page.deed.starts();
        if self.left_open(step) && page.asked >= SETTLED {
            return self.book.close(step, End::LeftOpen);
        }
        // What such a second attempt says of itself, when it fails, is nothing about the first.
        if by_key && page.finished < FINISHES && page.asked > 1 {
            self.book.write(step, |page| page.finished += 1);
            let Some(operation) = self.operation(step) else { return };
            let result = self.gateway.complete(open, operation).await;
            return self.finished(step, result).await;
        }
        if by_name && page.finished < FINISHES && page.asked >= SETTLED {
            self.book.write(step, |page| page.finished += 1);
            let Some(operation) = self.operation(step) else { return };
            let result = self.gateway.execute(&operation).await;
            return self.finished(step, result).await;
        }
        let ability = capabilities.ability(page.deed.operation());
        let silent = ability.is_none_or(|ability| ability.ask == AskAfterwards::None);
        if silent && !by_key && page.asked > 2 {
            self.book.close(step, End::Person);
        }
    }

    async fn finished(&self, step: usize, result: Result<Answer, Error>) {
        match &result {
            Err(error) if error.fate() != Fate::Unknown => {
                self.book.open().open = None;
                self.book.write(step, |page| page.said = error.to_string());
            }
            _ => self.absorb(step, result).await,
        }
    }

    /// Whether the provider itself leaves it open, by a code that nobody knows. A single such reply does not, where it can be asked again. The
    /// application is told this by the schedule, so that such ends are counted apart from those that are given to a person.
    pub(crate) fn left_open(&self, step: usize) -> bool {
        let kind = self.book.page(step).map(|page| page.deed.operation());
        let ability = kind.and_then(|kind| self.gateway.capabilities().ability(kind));
        let asks = ability.is_some_and(|ability| ability.ask == AskAfterwards::Yes);
        self.weather.happened().iter().any(|(at, what)| {
            *at <= step && (matches!(what, Mishap::Fault(Fault::Code(_))) || (*what == Mishap::Veil && !asks))
        })
    }
}
