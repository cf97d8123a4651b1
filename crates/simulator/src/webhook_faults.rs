//! Faults of webhooks, whichever provider sends them, and the list of what was delivered.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;

use crate::fault::Plan;
use crate::{Provider, Webhook};

#[cfg(test)]
mod tests;

/// How many deliveries are remembered.
const KEPT: usize = 200;
/// How soon a delivery that comes twice comes again.
const SHORTLY: Duration = Duration::from_millis(200);
/// How long a delivery that is to change places waits for another one.
const FOR_ANOTHER: Duration = Duration::from_secs(10);

/// What goes wrong with one delivery of a webhook.
///
/// The request is what the provider made of it when it was due: it is as old as that when it arrives late, its signature and timestamp too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFault {
    /// The same delivery comes again shortly after. The provider hears the first answer only.
    Twice,
    /// Another delivery comes first: it looks like the true one, says something else, and its signature does not fit what it says. Where
    /// the provider signs nothing, nothing shows it.
    Forged,
    /// It is held back this long. For the provider it is under way meanwhile, and answered too late where it has no such patience.
    Late(Duration),
    /// It does not arrive, and the provider learns that nobody answered: its own rule of redelivery decides what follows.
    Lost,
    /// It changes places with the next one, or comes alone after ten seconds if there is none.
    Swapped,
}

/// The webhook faults still to come.
pub type WebhookPlan = Plan<WebhookFault>;

/// A delivery as it was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// When it was made.
    pub at: Timestamp,
    /// The number that [`crate::Host::due`] gave it.
    pub webhook: u64,
    /// The request, byte for byte.
    pub request: Request<Bytes>,
    /// How it was answered.
    pub reception: Reception,
    /// What is not ordinary about it: `twice`, `forged`, `late`, `lost`, `swapped` or `replayed`.
    pub note: Option<&'static str>,
}

/// How a delivery was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "answered, not answered, or not yet")]
pub enum Reception {
    /// Not yet.
    Underway,
    /// Nobody answered.
    Unanswered,
    /// With this status.
    Status(StatusCode),
}

/// A delivery that waits for its time.
#[derive(Clone, Debug)]
struct Waiting {
    at: Timestamp,
    /// Whether it goes as soon as another one went.
    swapped: bool,
    request: Request<Bytes>,
    /// The provider's own number, if the provider is to hear of the answer.
    own: Option<u64>,
    note: Option<&'static str>,
}

/// What lies between a provider and those who receive its webhooks.
#[derive(Debug, Default)]
pub(crate) struct Post {
    waiting: Vec<Waiting>,
    flying: BTreeMap<u64, Option<u64>>,
    log: VecDeque<Delivery>,
    count: u64,
}

impl Post {
    /// The deliveries that were made, oldest first.
    pub(crate) fn log(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.log.iter()
    }

    /// What is to be delivered now.
    pub(crate) fn due(
        &mut self,
        now: Timestamp,
        provider: &mut dyn Provider,
        faults: &mut WebhookPlan,
    ) -> Vec<Webhook> {
        let mut out = Vec::new();
        for Webhook { id, request } in provider.due(now) {
            let plain = |request, note| Waiting {
                at: now,
                swapped: false,
                request,
                own: Some(id),
                note,
            };
            match faults.take(&request) {
                None => out.push(plain(request, None)),
                Some(WebhookFault::Twice) => {
                    self.waiting.push(Waiting {
                        at: crate::host::later(now, SHORTLY),
                        own: None,
                        ..plain(request.clone(), Some("twice"))
                    });
                    out.push(plain(request, None));
                }
                Some(WebhookFault::Forged) => {
                    let lie = request.clone().map(|body| forge(&body));
                    out.push(Waiting {
                        own: None,
                        ..plain(lie, Some("forged"))
                    });
                    out.push(plain(request, None));
                }
                Some(WebhookFault::Late(time)) => self.waiting.push(Waiting {
                    at: crate::host::later(now, time),
                    ..plain(request, Some("late"))
                }),
                Some(WebhookFault::Lost) => {
                    self.count += 1;
                    self.note(now, self.count, request, Reception::Unanswered, Some("lost"));
                    provider.answered(now, id, None);
                }
                Some(WebhookFault::Swapped) => self.waiting.push(Waiting {
                    at: crate::host::later(now, FOR_ANOTHER),
                    swapped: true,
                    ..plain(request, Some("swapped"))
                }),
            }
        }
        let another = !out.is_empty();
        let (ready, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|w| w.at <= now || (w.swapped && another));
        self.waiting = waiting;
        out.extend(ready);
        out.into_iter().map(|waiting| self.send(now, waiting)).collect()
    }

    /// Takes an answer, and tells the provider if it is to hear of it.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        webhook: u64,
        status: Option<StatusCode>,
        provider: &mut dyn Provider,
    ) {
        let Some(own) = self.flying.remove(&webhook) else {
            return;
        };
        if let Some(delivery) = self.log.iter_mut().find(|d| d.webhook == webhook) {
            delivery.reception = status.map_or(Reception::Unanswered, Reception::Status);
        }
        if let Some(own) = own {
            provider.answered(now, own, status);
        }
    }

    /// Queues a remembered delivery again, byte for byte, unless it was forged. Tells whether it did.
    pub(crate) fn replay(&mut self, now: Timestamp, webhook: u64) -> bool {
        let authentic = |d: &&Delivery| d.webhook == webhook && d.note != Some("forged");
        let Some(delivery) = self.log.iter().find(authentic) else {
            return false;
        };
        self.waiting.push(Waiting {
            at: now,
            swapped: false,
            request: delivery.request.clone(),
            own: None,
            note: Some("replayed"),
        });
        true
    }

    fn send(&mut self, now: Timestamp, waiting: Waiting) -> Webhook {
        self.count += 1;
        self.flying.insert(self.count, waiting.own);
        let request = waiting.request;
        self.note(now, self.count, request.clone(), Reception::Underway, waiting.note);
        Webhook {
            id: self.count,
            request,
        }
    }

    fn note(
        &mut self,
        at: Timestamp,
        webhook: u64,
        request: Request<Bytes>,
        reception: Reception,
        note: Option<&'static str>,
    ) {
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(Delivery {
            at,
            webhook,
            request,
            reception,
            note,
        });
    }
}

/// Words of the providers that say the opposite of each other.
const OPPOSITES: &[(&str, &str)] = &[
    ("SUCCESSFUL", "FAILED"),
    ("PENDING", "SUCCESSFUL"),
    ("\"accepted\":true", "\"accepted\":false"),
    ("\"20000\"", "\"40000\""),
    ("000.100.110", "800.100.152"),
    ("000.000.000", "800.100.152"),
    ("success", "failure"),
];

/// A body that says something else: the opposite where there are words for it, or else one character is another.
fn forge(body: &Bytes) -> Bytes {
    let true_text = String::from_utf8_lossy(body).into_owned();
    let mut text = true_text.clone();
    for (one, other) in OPPOSITES {
        if text.contains(one) {
            text = text.replace(one, other);
            break;
        }
        if text.contains(other) {
            text = text.replace(other, one);
            break;
        }
    }
    if text == true_text {
        let altered = |c: char| if c == '0' { "1" } else { "0" };
        let last = text.char_indices().rev().find(|(_, c)| c.is_ascii_alphanumeric());
        match last {
            Some((at, c)) => text.replace_range(at..at + c.len_utf8(), altered(c)),
            None => text.push('0'),
        }
    }
    text.into()
}
