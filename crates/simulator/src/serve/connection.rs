//! One accepted connection.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Sleep;

use super::{Inside, State};
use crate::{Exchange, wire};

/// The largest request body that is read.
const LIMIT: usize = 1024 * 1024;
/// How long a request's body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a stuck exchange stays open if the client does not leave.
const STUCK: Duration = Duration::from_secs(120);
/// How long the first half of a cut body has to leave before the connection ends.
const FLUSH: Duration = Duration::from_millis(20);

/// Serves one connection to its end.
pub(super) async fn run(stream: TcpStream, inside: Arc<Inside>, mut state: watch::Receiver<State>) {
    let service = service_fn(move |request| Box::pin(answer(Arc::clone(&inside), request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut closing = *state.borrow_and_update() == State::Closing;
    if closing {
        Pin::new(&mut connection).graceful_shutdown();
    }
    let ended = loop {
        tokio::select! {
            ended = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
            change = state.changed() => {
                if change.is_err() {
                    // The server is gone.
                    return;
                }
                if !closing && *state.borrow_and_update() == State::Closing {
                    closing = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
    };
    let reset = ended
        .as_ref()
        .err()
        .and_then(|error| error.source())
        .is_some_and(|cause| cause.is::<Reset>());
    if reset {
        let stream = connection.into_parts().io.into_inner();
        // Without this the client would see an orderly end, which is the next best thing.
        let _best_effort = stream.set_zero_linger();
    }
}

/// Answers one request, or breaks the connection.
async fn answer(inside: Arc<Inside>, request: Request<Incoming>) -> Result<Response<Answer>, Reset> {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(PATIENCE, Limited::new(body, LIMIT).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let mut response = wire::empty(StatusCode::PAYLOAD_TOO_LARGE);
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
            return Ok(whole(&inside, response));
        }
        Ok(Err(_)) | Err(_) => return Err(Reset),
    };
    let request = Request::from_parts(head, body);
    let exchange = {
        let now = inside.now();
        inside.host().exchange(now, &request)
    };
    match exchange {
        Exchange::Answer(delay, response) => {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(whole(&inside, response))
        }
        Exchange::Refused | Exchange::Lost => Err(Reset),
        Exchange::Stuck => {
            tokio::time::sleep(STUCK).await;
            Err(Reset)
        }
        Exchange::Cut(response) => Ok(dated(&inside, response).map(Answer::half)),
    }
}

fn whole(inside: &Inside, response: Response<Bytes>) -> Response<Answer> {
    dated(inside, response).map(|body| Answer {
        announced: length(&body),
        left: Some(body),
        breaks: None,
    })
}

/// Adds the date of the host's clock.
fn dated(inside: &Inside, mut response: Response<Bytes>) -> Response<Bytes> {
    if let Some(date) = date(inside.now()) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

fn date(now: Timestamp) -> Option<HeaderValue> {
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok()?;
    HeaderValue::from_str(&text).ok()
}

/// The body of an answer, whole or broken off in the middle.
#[derive(Debug)]
struct Answer {
    announced: u64,
    left: Option<Bytes>,
    /// Runs once the first half is given; the body fails when it is over.
    breaks: Option<Pin<Box<Sleep>>>,
}

impl Answer {
    fn half(body: Bytes) -> Self {
        Self {
            // One byte more than there is, where there is too little to cut.
            announced: length(&body).max(1),
            left: Some(body.slice(..body.len() / 2)),
            breaks: Some(Box::pin(tokio::time::sleep(FLUSH))),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Some(data) = self.left.take().filter(|data| !data.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.breaks.as_mut() {
            None => Poll::Ready(None),
            Some(breaks) => breaks.as_mut().poll(cx).map(|()| Some(Err(Broken))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.breaks.is_none() && self.left.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

fn length(body: &Bytes) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

/// Ends a connection with a reset, before any answer.
#[derive(Debug)]
struct Reset;

/// Ends a connection in the middle of a body.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is reset")
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body breaks off")
    }
}

impl Error for Reset {}

impl Error for Broken {}
