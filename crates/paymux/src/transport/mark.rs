//! Whether a request's body was ever asked for.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Set when the client first asks for a request's body. hyper asks for it before it writes the head, so an unset mark proves that no byte left.
///
/// An empty body is never asked for; there the mark is set from the start, and proves nothing.
#[derive(Clone, Debug)]
pub struct Mark(Arc<AtomicBool>);

impl Mark {
    /// Whether a byte may have left.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A request body that sets its [`Mark`] when it is asked for.
#[derive(Debug)]
pub struct MarkedBody {
    bytes: Option<Bytes>,
    mark: Mark,
}

impl MarkedBody {
    /// A body, and its mark.
    #[must_use]
    pub fn new(bytes: Bytes) -> (Self, Mark) {
        let mark = Mark(Arc::new(AtomicBool::new(bytes.is_empty())));
        let body = Self {
            bytes: (!bytes.is_empty()).then_some(bytes),
            mark: mark.clone(),
        };
        (body, mark)
    }

    /// Takes the bytes at once and sets the mark, for transports that do not stream.
    pub fn take(&mut self) -> Bytes {
        self.mark.0.store(true, Ordering::SeqCst);
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
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.mark.0.store(true, Ordering::SeqCst);
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
