//! The HTTP status: what it says where the body says nothing, and where it contradicts the body.

use http::StatusCode;
use jiff::Timestamp;
use paymux_core::{CodeClass, Error, ErrorKind, Fate, Reply};

use super::{Asked, Open, Seen, Step};
use crate::codes::{Context, PaymentType, Surface, Verdict, classify, explain};

/// What a status says, for one kind of call.
struct Says {
    kind: ErrorKind,
    /// Whether it proves that nothing was done.
    proves: bool,
    message: &'static str,
}

/// Whether a request makes something new: a payment, a checkout, a registration.
fn creates(asked: &Asked<'_>, surface: Surface) -> bool {
    surface == Surface::Mutation && asked.kind.is_none_or(PaymentType::is_first)
}

/// Whether a request moves money; one that makes a checkout or a registration has no type.
fn moves(asked: &Asked<'_>, surface: Surface) -> bool {
    surface == Surface::Mutation && asked.kind.is_some()
}

fn says(asked: &Asked<'_>, surface: Surface, status: StatusCode) -> Says {
    let says = |kind, proves, message| Says { kind, proves, message };
    // Without a code, something in front of the provider may have said it, after the money moved.
    let idle = !moves(asked, surface);
    match status.as_u16() {
        200..=299 => says(ErrorKind::Provider, false, "the answer has no readable result code"),
        300..=399 => says(
            ErrorKind::Provider,
            false,
            "the provider redirects to an address that is not followed; check `base_url`",
        ),
        400 => says(
            ErrorKind::InvalidRequest,
            false,
            "the request is invalid or the payment failed, and the answer has no readable result code",
        ),
        401 => says(
            ErrorKind::Configuration,
            true,
            "the authorization header is invalid; check `access_token`",
        ),
        403 => says(
            ErrorKind::Configuration,
            idle,
            "the access token is invalid, or not for this entity; check `access_token` and `entity_id`",
        ),
        404 if creates(asked, surface) => says(
            ErrorKind::Configuration,
            idle,
            "the address does not exist; check `base_url` and `preset`",
        ),
        404 if surface == Surface::Mutation => {
            says(ErrorKind::InvalidRequest, idle, "nothing stands under the payment's id")
        }
        404 => says(
            ErrorKind::InvalidRequest,
            idle,
            "nothing stands under that id or reference",
        ),
        408 => says(
            ErrorKind::Network,
            false,
            "the provider waited too long for the request",
        ),
        429 => says(ErrorKind::Refused, true, "too many requests; wait and try again"),
        500..=599 => says(ErrorKind::Provider, false, "the provider failed"),
        _ => says(
            ErrorKind::Provider,
            false,
            "the provider answered with a status that it does not document",
        ),
    }
}

/// Statuses of requests that were turned away at the door, before they were looked at: the credentials were not accepted. A 403 without a code is
/// not believed here, and is asked about.
pub(crate) const TURNED_AWAY: [StatusCode; 2] = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
/// The same for requests that make something, where too many at once are turned away, too.
pub(crate) const TURNED_AWAY_FIRST: [StatusCode; 3] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::TOO_MANY_REQUESTS,
];

/// The fate of what was refused: a request to do something was looked at and refused; one that was turned away, 429 and a question did nothing at all.
pub(super) fn refused(surface: Surface, status: StatusCode) -> Fate {
    let unseen = TURNED_AWAY.contains(&status) || status == StatusCode::TOO_MANY_REQUESTS;
    match surface {
        Surface::Mutation if !unseen => Fate::Rejected,
        _ => Fate::NotDone,
    }
}

/// Whether a code says of a request to do something that it, or an earlier one, may have been acted on. No status at the door goes with that.
fn leaves_open(seen: &Seen<'_>) -> bool {
    let context = Context {
        sent: None,
        answered: seen.kind(),
        has_id: seen.body.id.is_some(),
        surface: Surface::Mutation,
        live: false,
    };
    let broken = matches!(seen.code.group(), Some("communication" | "system"));
    seen.surface == Surface::Mutation && (broken || classify(seen.code, &context) == Verdict::Earlier)
}

/// Reads a reply without a result code by its status. `id`: the provider's id in it, if there is one, to ask by.
pub(super) fn read(
    asked: &Asked<'_>,
    surface: Surface,
    reply: &Reply,
    now: Timestamp,
    id: Option<String>,
) -> Result<Step, Error> {
    let Says { kind, proves, message } = says(asked, surface, reply.status);
    let error = Error::new(kind, message)
        .with_status(reply.status)
        .with_retry_after(reply.retry_after(now));
    if proves {
        return Err(error.with_fate(refused(surface, reply.status)));
    }
    let error = match surface {
        Surface::Mutation if reply.status.is_client_error() => error.without_words(),
        Surface::Mutation => error.with_fate(Fate::Unknown),
        _ => error,
    };
    Ok(Step::Open(Open { id, ..Open::new(error) }))
}

/// Where the status is believed over the body: an approval under an error status proves nothing; 401 and 403 win over a refusal, unless that says
/// that something may have been done; and 404 on a request that makes something is a wrong address.
pub(super) fn contradicts(asked: &Asked<'_>, seen: &Seen<'_>) -> Option<Result<Step, Error>> {
    let class = explain(seen.code).class;
    let refusal = matches!(class, CodeClass::Declined | CodeClass::Error | CodeClass::Unknown);
    let creates = creates(asked, seen.surface);
    match seen.status.as_u16() {
        401 | 403 if refusal && !leaves_open(seen) => {}
        404 if creates && refusal && class != CodeClass::Declined => {}
        200..=299 => return None,
        _ if matches!(class, CodeClass::Approved | CodeClass::Review) => {
            let message = format!(
                "code {} says approved under HTTP {}; it is not believed",
                seen.code,
                seen.status.as_u16()
            );
            let error = seen.error(ErrorKind::Provider, message);
            return Some(Ok(Step::Open(Open {
                id: seen.id(),
                ..Open::new(error)
            })));
        }
        _ => return None,
    }
    let Says { kind, message, .. } = says(asked, seen.surface, seen.status);
    let error = seen.error(kind, format!("{message} (code {})", seen.code));
    Some(Err(error.with_fate(refused(seen.surface, seen.status))))
}
