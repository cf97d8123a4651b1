//! Keeps what spans and events of ours there are, by what their places in the code declare.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// By name: the level, and the fields.
type Table = BTreeMap<String, (String, Vec<String>)>;

/// What was seen on this thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) spans: Table,
    pub(crate) events: Table,
}

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

/// Watches this thread.
pub(crate) struct Watch;

impl Watch {
    pub(crate) fn open() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Watcher).expect("no other subscriber"));
        SEEN.take();
        Self
    }

    pub(crate) fn seen(&self) -> Seen {
        SEEN.with_borrow(Clone::clone)
    }
}

struct Watcher;

/// The text of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

fn put(table: &mut Table, name: &str, metadata: &Metadata<'_>) {
    let fields = metadata.fields().iter().map(|field| field.name().to_owned());
    let mut fields: Vec<_> = fields.filter(|field| field != "message").collect();
    fields.sort();
    table.insert(name.to_owned(), (metadata.level().as_str().to_lowercase(), fields));
}

impl Subscriber for Watcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("paymux")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let metadata = span.metadata();
        SEEN.with_borrow_mut(|seen| put(&mut seen.spans, metadata.name(), metadata));
        Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message::default();
        event.record(&mut message);
        SEEN.with_borrow_mut(|seen| put(&mut seen.events, &message.0, event.metadata()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
