//! Whether a request's body was ever asked for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// Set when the client first asks for a request's body. hyper asks for it before it writes the head, so an unset mark proves that no byte left.
///
/// An empty body is never asked for; there the mark is set from the start, and proves nothing.
#[derive(Clone, Debug)]
pub struct Mark(Arc<AtomicU8>);

const UNSET: u8 = 0;
const SET: u8 = 1;
const CLOSED: u8 = 2;

impl Mark {
    /// Whether a byte may have left.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst) == SET
    }

    /// Forbids the body from now on, and says whether that came in time: `true` proves that no byte left and none will.
    ///
    /// Looking at the mark would not do: a client's connection is a task of its own, and may ask for the body just after the look.
    #[must_use]
    pub fn close(&self) -> bool {
        self.step(CLOSED) != SET
    }

    /// Moves the mark from unset to this, and gives its value afterwards.
    fn step(&self, to: u8) -> u8 {
        match self.0.compare_exchange(UNSET, to, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => to,
            Err(held) => held,
        }
    }
}

/// A request body that sets its [`Mark`] when it is asked for.
#[derive(Debug)]
pub struct MarkedBody {
    bytes: Option<Bytes>,
    mark: Mark,
    /// From when on it is not given out any more.
    deadline: Option<Instant>,
}

impl MarkedBody {
    /// A body, and its mark.
    #[must_use]
    pub fn new(bytes: Bytes) -> (Self, Mark) {
        let mark = Mark(Arc::new(AtomicU8::new(if bytes.is_empty() { SET } else { UNSET })));
        let body = Self {
            bytes: (!bytes.is_empty()).then_some(bytes),
            mark: mark.clone(),
            deadline: None,
        };
        (body, mark)
    }

    /// A body that closes its own mark when it is asked for at the deadline or later. A process that was stopped on the way and goes on then sends
    /// nothing, although no timer of it has fired yet.
    #[must_use]
    pub fn until(bytes: Bytes, deadline: Instant) -> (Self, Mark) {
        let (mut body, mark) = Self::new(bytes);
        body.deadline = Some(deadline);
        (body, mark)
    }

    /// The bytes, with the mark left as it is, for transports that decide by them whether to send at all.
    #[must_use]
    pub fn peek(&self) -> Bytes {
        self.bytes.clone().unwrap_or_default()
    }

    /// Takes the bytes at once and sets the mark, for transports that do not stream.
    pub fn take(&mut self) -> Bytes {
        self.mark.step(SET);
        self.bytes.take().unwrap_or_default()
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_none()
    }
}

impl Body for MarkedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if self.mark.step(if late { CLOSED } else { SET }) == CLOSED {
            // An error makes the client close the connection with the head still in its buffer.
            return Poll::Ready(Some(Err(io::Error::other(
                "the request was given up before it was sent",
            ))));
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.bytes.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn poll(body: &mut MarkedBody) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_closed_body_gives_no_byte() {
        let (mut body, mark) = MarkedBody::new(Bytes::from_static(b"{}"));
        assert!(mark.close() && mark.close() && !mark.is_set());
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(_)))));
        assert!(mark.close());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_not_given_out_at_its_deadline() {
        let second = std::time::Duration::from_secs(1);
        let bytes = Bytes::from_static(b"{}");
        let (mut early, mark) = MarkedBody::until(bytes.clone(), Instant::now() + second);
        assert!(matches!(poll(&mut early), Poll::Ready(Some(Ok(_)))));
        assert!(mark.is_set());
        let (mut late, mark) = MarkedBody::until(bytes, Instant::now() + second);
        tokio::time::advance(second).await;
        assert!(matches!(poll(&mut late), Poll::Ready(Some(Err(_)))));
        assert!(!mark.is_set() && mark.close(), "no byte left");
    }

    #[test]
    fn a_body_that_was_asked_for_cannot_be_closed() {
        let (mut body, mark) = MarkedBody::new(Bytes::from_static(b"{}"));
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        assert!(mark.is_set() && !mark.close());
        let (body, mark) = MarkedBody::new(Bytes::new());
        assert!(body.is_empty() && !mark.close(), "an empty body proves nothing");
    }
}
