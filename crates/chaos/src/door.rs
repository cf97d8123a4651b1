//! The way to the provider, on which things go wrong as planned.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::Timestamp;
use paymux::Reply;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux_conformance::{Faults as _, InProcess};
use paymux_simulator::Fault;
use tokio::sync::Notify;

use crate::Stand;
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
    /// What is answered instead of the provider, and until when.
    spell: Option<(Timestamp, StatusCode)>,
    calls: u64,
}

/// What must be done outside the exchange itself.
pub(crate) trait Bystander: std::fmt::Debug + Send + Sync {
    /// Does to the provider what a stranger or the back office would; whether it could be done.
    fn interfere(&self, what: &Mishap, step: usize) -> bool;
}

/// How long an application is down after its process died.
const DOWN: Duration = Duration::from_secs(5);
/// How long it is down in an outage: longer than any key is recognised.
const OUTAGE: Duration = Duration::from_secs(25 * 3600);
/// How long somebody in front of the provider answers in its place: longer than anything is booked late.
const SPELL: Duration = Duration::from_secs(600);
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
                spell: None,
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

    /// What somebody in front of the provider answers now.
    fn spell(&self, now: Timestamp) -> Option<StatusCode> {
        let state = self.lock();
        let spell = state.spell.filter(|(until, _)| now < *until && !state.calm);
        spell.map(|(_, status)| status)
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
        if state.calm || state.spell.is_some_and(|(until, _)| now < until) {
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

    /// How long the application is down after its last death.
    pub(crate) fn down(&self) -> Duration {
        match self.lock().happened.last() {
            Some((_, Mishap::Outage)) => OUTAGE,
            _ => DOWN,
        }
    }

    fn note(&self, step: usize, what: Mishap) {
        self.lock().happened.push((step, what));
    }

    fn changed(&self, at: Timestamp) {
        let mut state = self.lock();
        state.last_change = state.last_change.max(Some(at));
    }
}

/// One process's way to the provider.
#[derive(Debug)]
pub(crate) struct Door {
    weather: Arc<Weather>,
    provider: Arc<InProcess>,
    bystander: Arc<dyn Bystander>,
    /// How the provider writes that something went through, and what it writes instead behind a veil.
    veil: (&'static str, String),
    alive: AtomicBool,
}

/// What is done to one exchange besides the fault that the provider's host knows of.
#[derive(Default)]
struct Course {
    dies: bool,
    shrinks: bool,
    veils: bool,
}

impl Door {
    pub(crate) fn new(weather: Arc<Weather>, stand: &Stand, bystander: Arc<dyn Bystander>) -> Self {
        Self {
            weather,
            provider: Arc::clone(&stand.provider),
            bystander,
            veil: (stand.approval, stand.subject.unmapped_code.clone().unwrap_or_default()),
            alive: AtomicBool::new(true),
        }
    }

    /// The process is gone; nothing of it moves any more.
    async fn die(&self) -> ! {
        self.alive.store(false, Ordering::Relaxed);
        self.weather.death.notify_one();
        std::future::pending().await
    }

    async fn suffer(&self, step: usize, what: Mishap, request: &Request<MarkedBody>) -> Course {
        let mut course = Course::default();
        match &what {
            Mishap::DieBefore => {
                self.weather.note(step, what);
                self.die().await;
            }
            Mishap::DieAfter | Mishap::Outage => {
                course.dies = true;
                self.weather.note(step, what);
            }
            Mishap::Spell(status) => {
                let until = self.provider.now().checked_add(SPELL).unwrap_or(Timestamp::MAX);
                self.weather.lock().spell = Some((until, *status));
                self.weather.note(step, what);
            }
            // What becomes of these is noted when it is seen to have happened.
            Mishap::Veil => course.veils = true,
            Mishap::Shrink if *request.method() != Method::GET => {
                course.shrinks = true;
            }
            Mishap::Shrink => {}
            Mishap::Foreign | Mishap::Office => {
                if self.bystander.interfere(&what, step) {
                    self.weather.note(step, what);
                }
            }
            Mishap::Fault(fault) => {
                // Look-ups lag behind what is booked late, too.
                if let Fault::LateCommit(time) = fault
                    && *request.method() != Method::GET
                    && let Ok(booked) = self.provider.now().checked_add(*time)
                {
                    self.weather.changed(booked);
                }
                self.provider.plan(0, fault.clone());
                self.weather.note(step, what);
            }
        }
        course
    }

    fn veiled(&self, step: usize, mut reply: Reply) -> Reply {
        let (known, unknown) = &self.veil;
        if let Ok(text) = std::str::from_utf8(&reply.body)
            && text.contains(known)
        {
            self.weather.note(step, Mishap::Veil);
            reply.body = text.replace(known, unknown).into();
        }
        reply
    }
}

#[async_trait]
impl Transport for Door {
    async fn send(&self, mut request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let now = self.provider.now();
        let (step, course) = match self.weather.next(now) {
            Some((step, what)) => (step, self.suffer(step, what, &request).await),
            None => (0, Course::default()),
        };
        if let Some(status) = self.weather.spell(now) {
            request.body_mut().take();
            return Ok(Reply::new(status, HeaderMap::new(), Bytes::new()));
        }
        if course.shrinks
            && let Some(body) = smaller(&request.body().peek())
        {
            self.weather.note(step, Mishap::Shrink);
            // The provider gets other bytes than those that are marked as sent, which it would not know.
            request.body_mut().take();
            *request.body_mut() = MarkedBody::new(body).0;
        }
        if request.method() != Method::GET {
            self.weather.changed(now);
        }
        let reply = self.provider.send(request).await;
        if course.dies {
            self.die().await;
        }
        match reply {
            Ok(reply) if course.veils => Ok(self.veiled(step, reply)),
            reply => reply,
        }
    }
}

/// A body whose amount is one less, if it has one.
fn smaller(body: &[u8]) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let (before, rest) = ["\"amount\":", "amount="].iter().find_map(|name| {
        let at = text.find(name)? + name.len();
        Some(text.split_at(at))
    })?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(digits);
    let less = number.parse::<u64>().ok()?.checked_sub(1).filter(|less| *less > 0)?;
    Some(format!("{before}{less}{after}").into())
}
