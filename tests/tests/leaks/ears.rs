//! Hears every span and event at every level, by thread, whichever crate makes it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// What the client of the database says, in threads of its own.
static ELSEWHERE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Listens to this thread for as long as it lives.
pub(crate) struct Ears;

impl Ears {
    pub(crate) fn open() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Listener).expect("no other subscriber");
            log::set_logger(&Listener).expect("no other logger");
            log::set_max_level(log::LevelFilter::Trace);
        });
        HEARD.set(Some(Vec::new()));
        Self
    }

    /// What was heard until now.
    pub(crate) fn take(&self) -> Vec<String> {
        HEARD
            .with_borrow_mut(|heard| heard.as_mut().map(std::mem::take))
            .unwrap_or_default()
    }

    /// What was heard of the client of the database until now, in whichever thread.
    pub(crate) fn elsewhere() -> BTreeSet<String> {
        ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        HEARD.set(None);
    }
}

fn hear(text: String) {
    HEARD.with_borrow_mut(|heard| {
        if let Some(heard) = heard {
            heard.push(text);
        } else if text.starts_with("sqlx") {
            ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
        }
    });
}

struct Listener;

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // How long a statement took: any digits, by chance a CVV's too.
        if field.name().starts_with("elapsed") {
            return;
        }
        let _ = write!(self.0, " {}={value:?}", field.name());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let _ = write!(self.0, " {}={value} {value:?}", field.name());
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut fields = Fields::default();
        span.record(&mut fields);
        let metadata = span.metadata();
        hear(format!("{} {}{}", metadata.target(), metadata.name(), fields.0));
        Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        hear(fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        hear(format!("{} {}{}", metadata.target(), metadata.name(), fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        hear(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}
