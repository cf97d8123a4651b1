//! What the application keeps outside its process, as its documents tell it to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use paymux::{Answer, Error, PaymentRef, Recorder, Reference, Unresolved};

use crate::script::Deed;

/// The application's durable record of one order.
#[derive(Debug)]
pub(crate) struct Book {
    state: Mutex<Pages>,
}

#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) steps: Vec<Page>,
    /// What the engine recorded last of the operation under way.
    pub(crate) open: Option<Unresolved>,
    /// The payment that the order has come to.
    pub(crate) payment: Option<PaymentRef>,
    /// The provider's id of the last capture, which a refund names.
    pub(crate) capture: Option<String>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) deed: Deed,
    pub(crate) status: Status,
    pub(crate) reference: Option<Reference>,
    /// Which of the customer's sources is tried.
    pub(crate) source: usize,
    /// How often it did nothing.
    pub(crate) failures: u32,
    /// How many references it has had.
    pub(crate) names: u32,
    /// How often it was asked about.
    pub(crate) asked: u32,
    /// How often it was done again under its key or reference after a lost answer.
    pub(crate) finished: u32,
    /// Whether the customer was sent to a page.
    pub(crate) visited: bool,
    /// The page that the customer was refused on and left open.
    pub(crate) tab: Option<Box<Answer>>,
    /// Whether a page took the customer's money after a refusal.
    pub(crate) paid: bool,
    /// Whether any answer left its outcome unknown.
    pub(crate) doubted: bool,
    /// What was last said, for reports.
    pub(crate) said: String,
}

/// Where a step stands.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    /// Not begun, or to be begun anew.
    Fresh,
    /// Begun; whether anything came of it is not written yet.
    Begun,
    /// Its outcome is unknown.
    Open(Box<Unresolved>),
    /// Accepted, and not decided.
    Waiting(Box<PaymentRef>),
    /// At its end.
    Closed(End),
}

/// How a step ended, as the application believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The provider took it and will not be asked about it.
    Accepted,
    /// Nobody came to the page.
    Abandoned,
    /// Done.
    Done,
    /// The provider itself leaves it open, by a code that nobody knows.
    LeftOpen,
    /// It did nothing.
    NotDone,
    /// A person must look.
    Person,
    /// An earlier step leaves nothing to do.
    Skipped,
    /// Nothing was found out, and nobody was told.
    Stuck,
}

impl Book {
    pub(crate) fn new(deeds: &[Deed]) -> Self {
        let page = |deed: &Deed| Page {
            deed: *deed,
            status: Status::Fresh,
            reference: None,
            source: 0,
            failures: 0,
            names: 0,
            asked: 0,
            finished: 0,
            visited: false,
            tab: None,
            paid: false,
            doubted: false,
            said: String::new(),
        };
        Self {
            state: Mutex::new(Pages {
                steps: deeds.iter().map(page).collect(),
                ..Pages::default()
            }),
        }
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Pages> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn page(&self, step: usize) -> Option<Page> {
        self.open().steps.get(step).cloned()
    }

    /// Writes on a step's page.
    pub(crate) fn write(&self, step: usize, with: impl FnOnce(&mut Page)) {
        if let Some(page) = self.open().steps.get_mut(step) {
            with(page);
        }
    }

    pub(crate) fn close(&self, step: usize, end: End) {
        self.write(step, |page| page.status = Status::Closed(end));
    }
}

#[async_trait]
impl Recorder for Book {
    async fn record(&self, open: &Unresolved) -> Result<(), Error> {
        self.open().open = Some(open.clone());
        Ok(())
    }
}
