//! What would be needed to ask is kept before money can move.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::adapter::TinyConfig;
use common::charge;
use common::fake::{Fake, never, now, paid, refused};
use paymux::{
    Error, ErrorKind, Fate, Gateway, Gateways, Inquiry, PaymentGateway, Recorder, TokioClock, Unresolved, async_trait,
};

const CONFIG: &str = "[gateways.cards]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"k\"\n";

/// Keeps entries, or cannot, or never comes to it; and sees how many requests were made by then.
#[derive(Debug)]
struct Book {
    fake: Arc<Fake>,
    kept: Mutex<Vec<(usize, Unresolved)>>,
    does: Does,
}

#[derive(Clone, Copy, Debug)]
enum Does {
    Fails,
    Hangs,
    Keeps,
    /// Lets only the first request out.
    LetsOneOut,
}

#[async_trait]
impl Recorder for Book {
    async fn record(&self, open: &Unresolved) -> Result<(), Error> {
        match self.does {
            Does::Fails => return Err(Error::new(ErrorKind::Configuration, "the disk is full")),
            Does::Hangs => std::future::pending().await,
            Does::Keeps | Does::LetsOneOut => {}
        }
        self.kept.lock().unwrap().push((self.fake.seen().len(), open.clone()));
        Ok(())
    }

    fn may_send(&self, open: &Unresolved) -> Result<(), Error> {
        assert_eq!(open.reference.as_ref().unwrap().as_str(), "a1");
        match self.does {
            Does::LetsOneOut if !self.fake.seen().is_empty() => {
                Err(Error::new(ErrorKind::Network, "its time to send is over"))
            }
            _ => Ok(()),
        }
    }
}

fn gateway(fake: &Arc<Fake>, does: Does) -> (Gateway, Arc<Book>) {
    let book = Arc::new(Book {
        fake: fake.clone(),
        kept: Mutex::default(),
        does,
    });
    let builder = Gateways::builder().register::<TinyConfig>().transport(fake.transport());
    let clock = Arc::new(TokioClock::new(jiff::Timestamp::UNIX_EPOCH));
    let gateways = builder.clock(clock).recorder(book.clone()).from_toml(CONFIG).unwrap();
    (gateways.gateway("cards").unwrap(), book)
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_kept_before_a_request_that_may_move_money() {
    let fake = Fake::new(|_| never());
    let (gateway, book) = gateway(&fake, Does::Keeps);
    let sale = gateway.sale(charge("a1"));
    tokio::time::timeout(Duration::from_secs(1), sale).await.unwrap_err();
    let kept = book.kept.lock().unwrap().clone();
    let [(0, open)] = kept.as_slice() else {
        panic!("one entry, before the first request: {kept:?}");
    };
    assert_eq!((fake.seen().len(), open.note("payment")), (1, Some("4711")));
    assert_eq!(open.reference.as_ref().unwrap().as_str(), "a1");
    assert_eq!(open.first_sent, Some(open.last_sent));
}

#[tokio::test(start_paused = true)]
async fn a_question_is_not_kept() {
    let fake = Fake::new(|_| now(paid()));
    let (gateway, book) = gateway(&fake, Does::Fails);
    gateway
        .inquire(Inquiry::Reference("a1".parse().unwrap()))
        .await
        .unwrap();
    assert!(book.kept.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_is_not_sent() {
    for (does, kind, seconds) in [
        (Does::Fails, ErrorKind::Configuration, 0),
        (Does::Hangs, ErrorKind::Network, 60),
    ] {
        let fake = Fake::new(|_| now(paid()));
        let (gateway, _) = gateway(&fake, does);
        let begin = tokio::time::Instant::now();
        let error = gateway.sale(charge("a1")).await.expect_err("not kept");
        assert_eq!((error.kind(), error.fate()), (kind, Fate::NotDone), "{does:?}");
        assert_eq!((fake.seen().len(), begin.elapsed().as_secs()), (0, seconds), "{does:?}");
    }
}

/// What is sent again after a wait is asked about again: in the meantime somebody else may have settled it.
#[tokio::test(start_paused = true)]
async fn each_request_that_may_move_money_is_let_out_by_itself() {
    let answers: [(fn() -> common::fake::Fate, _); 2] = [(refused, Fate::NotDone), (never, Fate::Unknown)];
    for (answer, fate) in answers {
        let fake = Fake::new(move |_| answer());
        let (gateway, _) = gateway(&fake, Does::LetsOneOut);
        let error = gateway.sale(charge("a1")).await.unwrap_err();
        assert_eq!((fake.seen().len(), error.fate()), (1, fate), "{error}");
        assert_eq!(
            error.message() == "its time to send is over",
            fate == Fate::NotDone,
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_shows_its_recorder() {
    let fake = Fake::new(|_| never());
    let (gateway, book) = gateway(&fake, Does::Keeps);
    let book: Arc<dyn Recorder> = book;
    assert!(std::ptr::addr_eq(
        Arc::as_ptr(&book),
        Arc::as_ptr(gateway.recorder().unwrap())
    ));
}
