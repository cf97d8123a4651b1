//! What all pages share.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use crate::words::Status;

/// Which part of the shop a page is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Shop,
    Office,
}

/// A page. With an address for events, it is kept up to date: by the script, or without one by loading it again.
pub(super) fn page(title: &str, place: Place, events: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Plain Goods" }
                link rel="stylesheet" href="/assets/shop.css";
                @if events.is_some() {
                    noscript { meta http-equiv="refresh" content="3"; }
                    script src="/assets/shop.js" defer {}
                }
            }
            body data-events=[events] {
                header.top {
                    a.brand href="/" { span.mark { "P" } "Plain Goods" }
                    nav {
                        a #nav-shop href="/" aria-current=[(place == Place::Shop).then_some("page")] { "Shop" }
                        a #nav-office href="/office" aria-current=[(place == Place::Office).then_some("page")] { "Back office" }
                    }
                }
                main { (body) }
                footer.foot {
                    p { "An example of " b { "paymux" } ". The providers are simulators on this machine: no money moves." }
                }
            }
        }
    }
}

/// A chip: a colour and a word.
pub(super) fn chip(id: Option<&str>, status: Status) -> Markup {
    html! { span.chip.(status.tone) id=[id] data-status=(status.slug) { (status.word) } }
}

/// A time of day, and the whole of it for who points at it.
pub(super) fn time(at: Timestamp) -> Markup {
    let text = at.to_string();
    let day = text.split('T').nth(1).and_then(|rest| rest.get(..8)).unwrap_or(&text);
    html! { time datetime=(text) title=(text) { (day) } }
}
