//! A journal under a gateway: what is written there, in rows and in bytes, and what is said of it.

use std::fmt::Debug;
use std::fs;
use std::sync::Arc;

use paymux::webhooks::SeenEvents as _;
use paymux::{Clock, Event, Gateway, PaymentGateway, Recorder};
use paymux_journal::{Filter, Journal, PaymentKey, Settings, Step, Store as _, StoreError, Verdict};

use super::Heard;
use crate::kept::Kept;

/// A journal, and where it is kept.
pub(crate) struct Record {
    kept: Arc<Kept>,
    journal: Journal,
    /// One that knows of nothing: every event is parked there.
    empty: Journal,
    /// What an order's name begins with.
    order: String,
}

impl Record {
    pub(crate) fn new(kept: &Arc<Kept>, clock: Arc<dyn Clock>, order: &str) -> Self {
        Self {
            journal: Journal::with(kept.clone(), Arc::clone(&clock), Settings::default()),
            empty: Journal::with(Kept::memory(), clock, Settings::default()),
            kept: Arc::clone(kept),
            order: order.to_owned(),
        }
    }

    pub(crate) fn recorder(&self) -> Arc<dyn Recorder> {
        self.journal.recorder()
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The gateway over the journal.
    pub(crate) fn over(&self, gateway: Gateway) -> Arc<dyn PaymentGateway> {
        Arc::new(self.journal.wrap(gateway).expect("it has the journal's recorder"))
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kept.folder().is_some()
    }

    pub(crate) fn order(&self, number: u32) -> String {
        format!("{} {number}", self.order)
    }

    /// An event meets the journal, and one that does not know its payment.
    pub(crate) async fn absorb(&self, gateway: &Gateway, event: &Event, heard: &mut Heard) {
        for journal in [&self.journal, &self.empty] {
            match journal.absorb(gateway, event).await {
                Ok(absorbed) => heard.debug("absorbed", &absorbed),
                Err(error) => heard.error(&error),
            }
        }
        let seen = self.journal.record(gateway.name(), event.deduplication_key()).await;
        seen.expect("a store that works");
    }

    /// The janitor runs; then everything that is on record is read, row by row, and the bytes of the files, open and closed.
    pub(crate) async fn look_back(&self, gateways: &[Arc<dyn PaymentGateway>], heard: &mut Heard) {
        for parked in self.empty.store().parked(u32::MAX).await.expect("it is in memory") {
            let kept = self.kept.apply(&Step::Park { parked }).await;
            kept.expect("a store that works");
        }
        let parked = self.kept.parked(u32::MAX).await.expect("a store that works");
        parked.iter().for_each(|parked| heard.row("parked", parked));
        self.files(heard);
        told(heard, "janitor", self.journal.settle(gateways).await);
        for intent in self.kept.all().await {
            heard.row("intent", &intent);
            heard.add("intent", intent.to_string());
            if let Some(about) = intent.about() {
                let known = self.journal.payment(&PaymentKey::of(about)).await;
                let known = known.expect("a store that works");
                known.iter().for_each(|known| heard.row("known payment", known));
            }
            match self.journal.decide(&intent.key, Verdict::Stands, "looked at").await {
                Ok(intent) => heard.row("intent", &intent),
                Err(error) => heard.error(&error),
            }
        }
        let changes = self.journal.changes(0, u32::MAX).await.expect("a store that works");
        changes.iter().for_each(|change| heard.row("change", change));
        heard.debug("journal", &self.journal);
        self.files(heard);
        self.kept.close().await;
        self.files(heard);
        told(heard, "intent", self.journal.intents(&Filter::default()).await);
    }

    /// The bytes of every file that the journal has.
    fn files(&self, heard: &mut Heard) {
        let Some(folder) = self.kept.folder() else { return };
        for entry in fs::read_dir(folder).expect("the folder") {
            let bytes = fs::read(entry.expect("a file").path()).expect("a file");
            heard.add("journal file", String::from_utf8_lossy(&bytes));
        }
    }
}

fn told<T: Debug>(heard: &mut Heard, place: &'static str, result: Result<T, StoreError>) {
    match result {
        Ok(value) => heard.debug(place, &value),
        Err(error) => heard.add("store error", format!("{error} {error:?}")),
    }
}
