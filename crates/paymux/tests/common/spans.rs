//! Keeps every span of the engine, with its fields as text.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A span's name and fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Span {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(crate) fn attempts(&self) -> usize {
        self.field("attempts").parse().expect("the number of attempts")
    }
}

/// The spans of one thread.
#[derive(Clone, Default)]
pub(crate) struct Spans {
    list: Arc<Mutex<Vec<Span>>>,
    /// What was said, each with its level for a name.
    events: Arc<Mutex<Vec<Span>>>,
}

thread_local! {
    static WATCHING: RefCell<Option<Spans>> = const { RefCell::new(None) };
}

/// Ends the watching.
pub(crate) struct Watch;

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHING.set(None);
    }
}

/// Sets the subscriber of the process, once. A subscriber per test would not do: what a place in the code is interested in is remembered for all
/// threads, and setting a subscriber while another thread comes to that place for the first time may go unnoticed there.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(ByThread).expect("no other subscriber"));
}

impl Spans {
    /// Watches this thread for as long as the guard lives.
    pub(crate) fn watch() -> (Self, Watch) {
        install();
        let spans = Self::default();
        WATCHING.set(Some(spans.clone()));
        (spans, Watch)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Span>> {
        self.list.lock().expect("no test panics here")
    }

    /// Every span so far.
    pub(crate) fn all(&self) -> Vec<Span> {
        self.lock().clone()
    }

    /// The operations' spans so far.
    pub(crate) fn operations(&self) -> Vec<Span> {
        let list = self.all().into_iter();
        list.filter(|span| span.name == "paymux.operation").collect()
    }

    /// What was said so far at this level.
    pub(crate) fn said(&self, level: &str) -> Vec<String> {
        let events = self.events.lock().expect("no test panics here");
        let events = events.iter().filter(|event| event.name == level);
        events.map(|event| event.field("message").to_owned()).collect()
    }

    /// The last operation's span.
    pub(crate) fn last(&self) -> Span {
        self.operations().pop().expect("an operation's span")
    }
}

impl Visit for Span {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Hands spans to whoever watches their thread.
struct ByThread;

/// The id of spans that nobody watches.
const UNWATCHED: u64 = u64::MAX;

impl Subscriber for ByThread {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("paymux")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut span = Span {
            name: attributes.metadata().name(),
            ..Span::default()
        };
        attributes.record(&mut span);
        let id = WATCHING.with_borrow(|watching| {
            let mut list = watching.as_ref()?.lock();
            list.push(span);
            u64::try_from(list.len()).ok()
        });
        Id::from_u64(id.unwrap_or(UNWATCHED))
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        WATCHING.with_borrow(|watching| {
            let index = usize::try_from(id.into_u64()).expect("a small number");
            if let Some(spans) = watching
                && let Some(span) = spans.lock().get_mut(index.wrapping_sub(1))
            {
                values.record(span);
            }
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Span {
            name: event.metadata().level().as_str(),
            ..Span::default()
        };
        event.record(&mut said);
        WATCHING.with_borrow(|watching| {
            if let Some(spans) = watching {
                spans.events.lock().expect("no test panics here").push(said);
            }
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
