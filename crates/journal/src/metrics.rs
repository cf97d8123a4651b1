//! What is counted, by the facade `metrics`: whatever recorder the application installs gets it.
//!
//! ```
//! // After the application has installed its recorder, and told it of the gateways' own metrics.
//! paymux_journal::metrics::describe();
//! assert_eq!(paymux_journal::metrics::FOUND, "paymux_journal_found_total");
//! ```

/// What the janitor found: a counter with the labels `finding` and `gateway`.
///
/// `finding` is one of [`Found`](crate::Found)'s words for an intent that was due, `remarked` for another one that a person must look at, and `met` or `parked` for an event that
/// was parked. What stays as it is counts in every run.
pub const FOUND: &str = "paymux_journal_found_total";

/// Tells the installed recorder what the metric is; call it once, after installing the recorder.
pub fn describe() {
    let what =
        "What the janitor found, in each of its runs: intents that were due or need a person, and parked events.";
    metrics::describe_counter!(FOUND, metrics::Unit::Count, what);
}

pub(crate) fn found(gateway: &str, finding: &'static str) {
    metrics::counter!(FOUND, "finding" => finding, "gateway" => gateway.to_owned()).increment(1);
}
