//! The way to the provider, on which things go wrong as planned.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, Request};
use jiff::Timestamp;
use paymux::Reply;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux_conformance::{Faults as _, InProcess};
use paymux_simulator::Fault;
use tokio::sync::Notify;

use crate::plan::{Mishap, Planned};

/// What is planned, what has happened, and at which call of which step the world is. It outlives the application's processes.
#[derive(Debug)]
pub(crate) struct Weather {
    state: Mutex<State>,
    /// Tells that the process is dead.
    pub(crate) death: Notify,
}

#[derive(Debug)]
struct State {
    planned: Vec<Planned>,
    step: usize,
    call: u32,
    happened: Vec<(usize, Mishap)>,
    last_change: Option<Timestamp>,
    calm: bool,
    calls: u64,
}

/// What must be done outside the exchange itself.
pub(crate) trait Bystander: std::fmt::Debug + Send + Sync {
    /// Does to the provider what a stranger or the back office would; whether it could be done.
    fn interfere(&self, what: &Mishap, step: usize) -> bool;
}

/// The longest that look-ups lag behind what was changed last.
const LAG: Duration = Duration::from_secs(60);

impl Weather {
    pub(crate) fn new(planned: Vec<Planned>) -> Self {
        Self {
            state: Mutex::new(State {
                planned,
                step: 0,
                call: 0,
                happened: Vec::new(),
                last_change: None,
                calm: false,
                calls: 0,
            }),
            death: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step begins, or goes on after a death.
    pub(crate) fn at_step(&self, step: usize) {
        let mut state = self.lock();
        if state.step != step {
            state.step = step;
            state.call = 0;
        }
    }

    /// Nothing more goes wrong.
    pub(crate) fn calm(&self) {
        self.lock().calm = true;
    }

    /// What has happened, by step.
    pub(crate) fn happened(&self) -> Vec<(usize, Mishap)> {
        self.lock().happened.clone()
    }

    /// How many requests were begun.
    pub(crate) fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// The mishap of this call, and its step.
    fn next(&self, now: Timestamp) -> Option<(usize, Mishap)> {
        let mut state = self.lock();
        state.calls += 1;
        let (step, call) = (state.step, state.call);
        state.call += 1;
        if state.calm {
            return None;
        }
        let at = state
            .planned
            .iter()
            .position(|planned| planned.step == step && planned.call == call)?;
        let mut what = state.planned.remove(at).what;
        if let Mishap::Fault(Fault::Lag(time)) = &mut what {
            // What was changed long ago is seen by everybody.
            let since = state.last_change.map_or(LAG, |changed| {
                Duration::try_from(now.duration_since(changed)).unwrap_or_default()
            });
            *time = (*time).min(LAG.saturating_sub(since));
            if time.is_zero() {
                return None;
            }
        }
        Some((step, what))
    }

    fn note(&self, step: usize, what: Mishap) {
        self.lock().happened.push((step, what));
    }

    fn changed(&self, now: Timestamp) {
        self.lock().last_change = Some(now);
    }
}

/// One process's way to the provider.
#[derive(Debug)]
pub(crate) struct Door {
    weather: Arc<Weather>,
    provider: Arc<InProcess>,
    bystander: Arc<dyn Bystander>,
    alive: AtomicBool,
}

impl Door {
    pub(crate) fn new(weather: Arc<Weather>, provider: Arc<InProcess>, bystander: Arc<dyn Bystander>) -> Self {
        Self {
            weather,
            provider,
            bystander,
            alive: AtomicBool::new(true),
        }
    }

    /// The process is gone; nothing of it moves any more.
    async fn die(&self) -> ! {
        self.alive.store(false, Ordering::Relaxed);
        self.weather.death.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Transport for Door {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let now = self.provider.now();
        let mishap = self.weather.next(now);
        let mut dies_after = false;
        if let Some((step, what)) = mishap {
            match &what {
                Mishap::DieBefore => {
                    self.weather.note(step, what);
                    self.die().await;
                }
                Mishap::DieAfter => {
                    dies_after = true;
                    self.weather.note(step, what);
                }
                Mishap::Foreign | Mishap::Office => {
                    if self.bystander.interfere(&what, step) {
                        self.weather.note(step, what);
                    }
                }
                Mishap::Fault(fault) => {
                    self.provider.plan(0, fault.clone());
                    self.weather.note(step, what);
                }
            }
        }
        if request.method() != Method::GET {
            self.weather.changed(now);
        }
        let reply = self.provider.send(request).await;
        if dies_after {
            self.die().await;
        }
        reply
    }
}
