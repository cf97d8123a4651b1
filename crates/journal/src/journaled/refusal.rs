//! The refusals of a gateway over a journal. Each says that nothing was sent.

use paymux::{Answer, Capabilities, Error, ErrorKind, Fate, Operation, OperationKind, Unresolved};

use crate::intent::{Came, Intent, ORDER_OF, State};
use crate::store::StoreError;

/// What an index of PostgreSQL holds in any writing.
const LONGEST: usize = 255;

/// Nothing was begun, so that nothing was sent.
pub(crate) fn not_begun(error: StoreError) -> Error {
    let message = format!("{error}; nothing was sent by this call, and repeating it under the same reference is safe");
    // What the journal holds of earlier calls is not known here.
    Error::new(ErrorKind::Network, message)
        .with_source(error)
        .beside_another()
}

/// The call under the same reference that was waited for came to nothing here. Where it went on to, the router knows.
pub(crate) fn did_nothing(intent: &Intent) -> Error {
    let message = format!(
        "an earlier call under this reference did nothing, and this one waited for it and sent nothing: {}; repeating it under the same reference is safe",
        intent.said
    );
    Error::new(ErrorKind::Network, message).beside_another()
}

/// The journal cannot tell what became of an operation.
pub(crate) fn not_read(error: StoreError, open: &Unresolved) -> Error {
    let message = format!("{error}; what became of the operation is not known");
    Error::new(ErrorKind::Network, message)
        .with_source(error)
        .with_fate(Fate::Unknown)
        .with_unresolved(open.clone())
}

/// The same reference stands for something else.
pub(crate) fn differs(known: &Intent, what: &Intent) -> Error {
    // The rest of what differs is in their texts.
    let also = |intent: &Intent| match (
        known.operation == what.operation && known.takes != what.takes,
        intent.takes,
    ) {
        (false, _) => "",
        (true, true) => " that takes the money",
        (true, false) => " that only holds the money",
    };
    let rule = format!(
        "{} stands for a {known}{} in the journal, and this is a {what}{}; nothing was sent",
        known.key.reference,
        also(known),
        also(what)
    );
    with_seen(Error::invalid("reference", format!("reference {rule}")), known)
}

/// An order is a name that is the caller's own.
pub(crate) fn check_order(operation: &Operation) -> Result<(), Error> {
    let order = operation.charge().and_then(|charge| charge.order.as_deref());
    match order {
        Some(order) if order.trim().is_empty() => Err(Error::invalid("order", "order must not be blank: leave it out")),
        // Two of these would look alike, and be two orders.
        Some(order) if order.trim() != order => {
            Err(Error::invalid("order", "order must not begin or end with a blank"))
        }
        Some(order) if order.chars().count() > LONGEST => {
            let rule = format!("order has more than {LONGEST} characters, which no journal keeps");
            Err(Error::invalid("order", rule))
        }
        Some(order) if order.starts_with(ORDER_OF) => Err(Error::invalid(
            "order",
            format!("order must not begin with `{ORDER_OF}`, which the journal puts before references"),
        )),
        _ => Ok(()),
    }
}

/// Another attempt takes the order.
pub(crate) fn ordered(taker: &Intent, capabilities: &Capabilities) -> Error {
    let provider = &taker.key.provider;
    let mine = *provider == capabilities.provider;
    let way = match taker.state {
        State::Done => "it was done".to_owned(),
        State::Waiting if taker.operation == OperationKind::Checkout && mine && !capabilities.close_page => {
            format!("it waits on a page, and {provider} closes none: it ends when it is paid or expires")
        }
        State::Waiting if taker.has_page() && !taker.said.is_empty() && taker.said != Came::ActionRequired.as_str() => {
            format!("its page is open ({})", taker.said)
        }
        State::Waiting if taker.has_page() => "its page is open: close it, or let it expire".to_owned(),
        State::Waiting => "it waits at the provider".to_owned(),
        _ => "it is under way or in doubt: settle it first".to_owned(),
    };
    let rule = format!(
        "order {} is taken by reference {} on gateway {}: {way}; nothing was sent",
        paymux::visible(taker.order.as_deref().unwrap_or_default()),
        taker.key.reference,
        taker.gateway
    );
    with_seen(Error::invalid("order", rule), taker)
}

/// Another operation on the payment is not at its end.
pub(crate) fn busy(other: &Intent) -> Error {
    let rule = format!(
        "payment has a {} under reference {} that is under way or in doubt: settle it first; nothing was sent",
        other.operation, other.key.reference
    );
    with_seen(Error::invalid("payment", rule), other)
}

/// A page that was made and could not be written down: who is not shown it cannot pay on it.
pub(crate) fn kept_back(answer: Answer, intent: &Intent) -> Error {
    let text = "a page was made, and nothing of it could be written down, so that it is kept back and nobody pays on it: repeat the call under the same reference";
    Error::new(ErrorKind::Network, text)
        .with_fate(Fate::Unknown)
        .with_unresolved(intent.unresolved())
        .with_payment(answer.payment)
        .in_operation(&intent.gateway, Some(intent.operation))
        .not_recorded()
}

/// With the payment as the journal knows it: another attempt stands, or may stand.
pub(crate) fn with_seen(error: Error, intent: &Intent) -> Error {
    let error = error.beside_another();
    match intent.seen() {
        Some(payment) => error.with_payment(payment),
        None => error,
    }
}
