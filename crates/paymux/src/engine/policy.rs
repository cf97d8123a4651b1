//! How often and how fast a call is made again, where the call allows it at all.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paymux_core::{Error, ErrorKind};
use tokio::time::Instant;

/// How often and how fast a call is made again. Whether it may be at all is not set here: a call that moves money goes out again only if nothing
/// of it had left, or under a key that the provider recognises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How often a call is made, the first time included.
    pub attempts: u32,
    /// The wait before the second time; doubled each time.
    pub pause: Duration,
    /// The longest such wait.
    pub longest_pause: Duration,
    /// How many repetitions a gateway has in hand. Each costs one, and every ten good answers earn one back, so that an outage is not multiplied.
    pub budget: u32,
    /// Whether waits are shortened at random by up to a half, so that callers spread out. Off, equal runs wait equally.
    pub spread: bool,
}

impl Policy {
    /// Every call is made once.
    #[must_use]
    pub const fn never() -> Self {
        Self {
            attempts: 1,
            pause: Duration::ZERO,
            longest_pause: Duration::ZERO,
            budget: 0,
            spread: false,
        }
    }

    /// With so many attempts, the first included.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The wait after so many attempts.
    pub(super) fn wait(self, made: u32) -> Duration {
        let doubled = self.pause.saturating_mul(2_u32.saturating_pow(made.saturating_sub(1)));
        let whole = doubled.min(self.longest_pause);
        if !self.spread {
            return whole;
        }
        // A fresh hasher is seeded at random, and that is all the randomness that spreading callers needs.
        let part = RandomState::new().build_hasher().finish() % 512;
        whole.saturating_sub(whole.saturating_mul(u32::try_from(part).unwrap_or(0)) / 1024)
    }
}

impl Default for Policy {
    /// Three attempts, 100 ms apart and doubling, 5 s at the most, 20 repetitions in hand.
    fn default() -> Self {
        Self {
            attempts: 3,
            pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            budget: 20,
            spread: true,
        }
    }
}

/// What holds the callers of one gateway back: the repetitions in hand, and the quiet that the provider wants of the account.
#[derive(Debug)]
pub(crate) struct Restraint {
    /// In tenths.
    budget: Mutex<u32>,
    most: u32,
    quiet: Arc<Quiet>,
}

/// The time until which a provider wants quiet. Every gateway on the same account keeps it.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    until: Mutex<Option<Instant>>,
}

/// The longest that a provider can keep every caller quiet.
const MOST_QUIET: Duration = Duration::from_secs(3600);
/// How long a 429 without a time keeps every caller quiet.
const QUIET: Duration = Duration::from_secs(1);

impl Restraint {
    pub(super) fn new(policy: Policy, quiet: Arc<Quiet>) -> Self {
        let most = policy.budget.saturating_mul(10);
        Self {
            budget: Mutex::new(most),
            most,
            quiet,
        }
    }

    /// Takes one repetition out of the budget, if there is one.
    pub(super) fn spend(&self) -> bool {
        let mut budget = self.budget();
        match budget.checked_sub(10) {
            Some(left) => {
                *budget = left;
                true
            }
            None => false,
        }
    }

    /// A good answer earns a tenth of a repetition.
    pub(super) fn earn(&self) {
        let mut budget = self.budget();
        *budget = budget.saturating_add(1).min(self.most);
    }

    /// The provider wants quiet, for so long where it says.
    pub(super) fn hush(&self, wait: Option<Duration>) {
        self.quiet.hush(wait);
    }

    /// How long there must be quiet.
    pub(super) fn quiet(&self) -> Option<Duration> {
        self.quiet.left()
    }

    /// How many repetitions are left.
    #[cfg(feature = "metrics")]
    pub(crate) fn left(&self) -> u32 {
        *self.budget() / 10
    }

    fn budget(&self) -> MutexGuard<'_, u32> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Quiet {
    fn hush(&self, wait: Option<Duration>) {
        let until = Instant::now() + wait.unwrap_or(QUIET).min(MOST_QUIET);
        let mut known = self.until();
        *known = Some(known.map_or(until, |known| known.max(until)));
    }

    fn left(&self) -> Option<Duration> {
        let left = (*self.until())?.checked_duration_since(Instant::now())?;
        (!left.is_zero()).then_some(left)
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a call that would have to wait past its deadline for the provider's quiet to end.
pub(super) fn hushed(wait: Duration) -> Error {
    let message = format!(
        "the provider said that there were too many requests; it takes the next one in {} s",
        wait.as_secs().saturating_add(1)
    );
    Error::new(ErrorKind::Refused, message)
        .with_status(http::StatusCode::TOO_MANY_REQUESTS)
        .with_retry_after(Some(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_shortened_by_half_at_most() {
        let policy = Policy::default();
        for (made, whole) in [(1, 100), (2, 200), (3, 400), (20, 5000), (200, 5000)] {
            for _ in 0..100 {
                let wait = policy.wait(made);
                assert!(wait <= Duration::from_millis(whole), "{made}: {wait:?}");
                assert!(wait >= Duration::from_millis(whole / 2), "{made}: {wait:?}");
            }
        }
        assert_eq!(Policy::never().wait(1), Duration::ZERO);
    }

    #[test]
    fn the_budget_runs_out_and_is_earned_back_by_tenths() {
        let policy = Policy {
            budget: 2,
            ..Policy::default()
        };
        let restraint = Restraint::new(policy, Arc::default());
        assert!(restraint.spend() && restraint.spend() && !restraint.spend());
        for _ in 0..9 {
            restraint.earn();
        }
        assert!(!restraint.spend());
        restraint.earn();
        assert!(restraint.spend());
        for _ in 0..1000 {
            restraint.earn();
        }
        assert!(restraint.spend() && restraint.spend() && !restraint.spend());
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_ends_and_is_never_shortened() {
        let restraint = Restraint::new(Policy::default(), Arc::default());
        assert_eq!(restraint.quiet(), None);
        restraint.hush(Some(Duration::from_secs(31)));
        restraint.hush(None);
        assert_eq!(restraint.quiet(), Some(Duration::from_secs(31)));
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(restraint.quiet(), None);
        restraint.hush(Some(Duration::MAX));
        assert_eq!(restraint.quiet(), Some(MOST_QUIET));
    }
}
