//! The table of HTTP statuses: whose fault, what may have been done, and what to do.

use http::StatusCode;
use jiff::Timestamp;
use paymux_core::{Error, ErrorKind, Fate, RawReply, Reply, scrub};

use crate::shapes::ProblemDetails;

/// The most characters of a provider's text that go into a message.
const TEXT: usize = 200;

/// The error for a status that is no success. `moves`: whether the call may have moved money, of which a bare refusal proves nothing.
pub(crate) fn refusal(reply: &Reply, moves: bool, now: Timestamp) -> Error {
    let (kind, fate, message) = match reply.status.as_u16() {
        400 if moves && is_taken(reply) => (
            ErrorKind::Refused,
            Fate::Unknown,
            format!(
                "the reference may be taken by an earlier attempt that worked{}",
                details(reply)
            ),
        ),
        400 => (
            ErrorKind::InvalidRequest,
            Fate::Rejected,
            format!("the provider refused the request{}", details(reply)),
        ),
        401 => (
            ErrorKind::Configuration,
            Fate::NotDone,
            "the access token was refused: check `login_id` and `api_key`, or `static_token`".to_owned(),
        ),
        403 => (
            ErrorKind::Configuration,
            Fate::NotDone,
            "the token may not do this: ask the provider for the permission".to_owned(),
        ),
        404 => (
            ErrorKind::InvalidRequest,
            Fate::Rejected,
            format!("nothing stands under an id that was given{}", details(reply)),
        ),
        405 => (
            ErrorKind::Configuration,
            Fate::NotDone,
            "the token is not permitted to use this method: ask the provider for the permission".to_owned(),
        ),
        415 => (
            ErrorKind::Provider,
            Fate::Rejected,
            "the provider does not take application/json here".to_owned(),
        ),
        429 => (
            ErrorKind::Refused,
            Fate::NotDone,
            "too many requests; nothing was done, try again later".to_owned(),
        ),
        // Never documented: another request with the same key may be under way.
        409 => (
            ErrorKind::Refused,
            open(moves),
            format!("the provider reports a conflict{}", details(reply)),
        ),
        500.. => (ErrorKind::Provider, open(moves), "the provider failed".to_owned()),
        _ => (
            ErrorKind::Provider,
            open(moves),
            format!(
                "the provider answered with a status that it does not document{}",
                details(reply)
            ),
        ),
    };
    let error = Error::new(kind, message)
        .with_fate(fate)
        .with_status(reply.status)
        .with_retry_after(reply.retry_after(now))
        .with_raw(RawReply::new(reply.body.clone()));
    if moves && is_bare(reply) {
        error.without_words()
    } else {
        error
    }
}

const fn open(moves: bool) -> Fate {
    if moves { Fate::Unknown } else { Fate::NotDone }
}

/// Whether a refusal is not in the provider's words: something in front of it may have given it, after the provider did what was asked. What is said
/// at the door (401), and of too many requests (429), needs none.
pub(crate) fn is_bare(reply: &Reply) -> bool {
    let at_the_door = matches!(reply.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
    reply.status.is_client_error() && !at_the_door && !is_problem(reply)
}

/// Whether the body is the provider's own error.
fn is_problem(reply: &Reply) -> bool {
    let says = |problem: ProblemDetails| {
        let errors = problem.errors.is_some_and(|errors| !errors.is_empty());
        problem.title.is_some() || problem.detail.is_some() || errors
    };
    reply.body.starts_with(b"{") && serde_json::from_slice(&reply.body).is_ok_and(says)
}

/// Whether a refusal is about the caller's reference or the key made from it: an earlier attempt may have worked. It errs to the safe side.
fn is_taken(reply: &Reply) -> bool {
    let problem: ProblemDetails = serde_json::from_slice(&reply.body).unwrap_or_default();
    let fields = problem.errors.iter().flat_map(|errors| errors.keys());
    [&problem.title, &problem.detail]
        .into_iter()
        .flatten()
        .chain(fields)
        .any(|text| {
            let letters = text.chars().filter(char::is_ascii_alphanumeric);
            let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
            ["clientreferenceid", "duplicate", "idempotencykey"]
                .iter()
                .any(|word| plain.contains(word))
        })
}

/// Whether a refused reversal or cancel says that it was done before: an earlier attempt of the same may have worked, and nobody can be asked.
pub(crate) fn is_undone(reply: &Reply) -> bool {
    let problem: ProblemDetails = serde_json::from_slice(&reply.body).unwrap_or_default();
    [&problem.title, &problem.detail].into_iter().flatten().any(|text| {
        let text = text.to_ascii_lowercase();
        let before = text.contains("already") || text.contains("has been");
        before
            && ["cancel", "refund", "return", "revers", "void"]
                .iter()
                .any(|word| text.contains(word))
    })
}

/// What the provider says, scrubbed, and the fields that it names.
fn details(reply: &Reply) -> String {
    if !reply.body.starts_with(b"{") {
        return String::new();
    }
    let problem: ProblemDetails = serde_json::from_slice(&reply.body).unwrap_or_default();
    let mut out = String::new();
    for text in [problem.title, problem.detail].into_iter().flatten() {
        out.push_str(": ");
        out.push_str(&plain(&text));
    }
    let fields: Vec<_> = problem.errors.iter().flat_map(|errors| errors.keys()).collect();
    if !fields.is_empty() {
        let names: Vec<_> = fields.into_iter().take(10).map(|name| plain(name)).collect();
        out.push_str(&format!(" (fields: {})", names.join(", ")));
    }
    out
}

/// A provider's text, fit for a message.
pub(super) fn plain(text: &str) -> String {
    let clean = scrub(text);
    let clean = clean.trim().trim_end_matches('.');
    clean.chars().filter(|c| !c.is_control()).take(TEXT).collect()
}
