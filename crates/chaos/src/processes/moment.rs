//! When a worker is killed.

use std::time::Duration;

/// How the life of one process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// When it has nothing more to do.
    Never,
    /// So long after it was started.
    After(Duration),
    /// So long after it said so often that it sends, which is before the request has left.
    Sends(u32, Duration),
    /// So long after it said so often that an outcome is written.
    Told(u32, Duration),
    /// As after a sending, but it is stopped first, past its lease, and goes on.
    Stopped(u32, Duration),
}

impl Moment {
    /// At random. Half of them aim at a request that is under way; answers take up to 60 ms.
    pub(super) fn random(rng: &mut fastrand::Rng) -> Self {
        let millis = Duration::from_millis;
        let micros = |rng: &mut fastrand::Rng, most: u64| Duration::from_micros(rng.u64(0..most));
        match rng.u32(0..20) {
            // While it starts.
            0 | 1 => Self::After(micros(rng, 40_000)),
            2..=4 => Self::After(millis(40) + micros(rng, 300_000)),
            5..=15 => Self::Sends(rng.u32(1..4), micros(rng, 40_000)),
            16 | 17 => Self::Sends(rng.u32(1..4), micros(rng, 1000)),
            _ => Self::Told(rng.u32(1..4), micros(rng, 2000)),
        }
    }

    /// A stop, at random.
    pub(super) fn stop(rng: &mut fastrand::Rng) -> Self {
        Self::Stopped(rng.u32(1..4), Duration::from_micros(rng.u64(0..3000)))
    }
}
