//! The one look of every page that the simulators show to a person.
#![allow(dead_code, reason = "each provider is a feature, and none uses all of it")]

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::wire::{self, escape};

const STYLE: &str = include_str!("page.css");

/// Nothing is loaded and no script runs. Forms may go anywhere, as browsers hold the address that an answer redirects to against this too.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'";

/// A test card, as it is offered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    /// What the form sends.
    pub(crate) value: &'a str,
    pub(crate) name: &'a str,
    pub(crate) number: &'a str,
    pub(crate) happens: &'a str,
}

/// A whole page. `body` is HTML; everything else is text.
pub(crate) fn show(status: StatusCode, provider: &str, title: &str, body: &str) -> Response<Bytes> {
    let (provider, title) = (escape(provider), escape(title));
    let mut response = wire::html(
        status,
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} – simulated {provider}</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
             <style>{STYLE}</style></head><body><p class=\"banner\"><strong>Simulator of {provider}.</strong> No money moves here. \
             Never type the number of a real card.</p><main><h1>{title}</h1>{body}</main></body></html>"
        ),
    );
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A paragraph.
pub(crate) fn text(text: &str) -> String {
    format!("<p>{}</p>", escape(text))
}

/// A paragraph that must not be missed.
pub(crate) fn alert(text: &str) -> String {
    format!("<p class=\"alert\" role=\"alert\" id=\"notice\">{}</p>", escape(text))
}

/// What is paid, to whom: names and values.
pub(crate) fn facts(facts: &[(&str, &str)]) -> String {
    let mut list = String::from("<dl class=\"facts\">");
    for (name, value) in facts {
        // Writing to a string cannot fail.
        let _ = write!(list, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
    }
    list.push_str("</dl>");
    list
}

/// A link that looks like a button; nothing where there is no address, or one that is not for the web.
pub(crate) fn link(id: &str, label: &str, url: Option<&str>) -> String {
    let of_the_web = |url: &&str| url.is_empty() || url.starts_with("https://") || url.starts_with("http://");
    url.filter(of_the_web).map_or_else(String::new, |url| {
        format!(
            "<p><a class=\"button\" id=\"{id}\" href=\"{}\">{}</a></p>",
            escape(url),
            escape(label)
        )
    })
}

/// A button of a form, with what a click does.
pub(crate) fn button(name: &str, value: &str, label: &str, hint: &str) -> String {
    let id = if value.is_empty() {
        format!("{name}-pay")
    } else {
        format!("{name}-{}", value.to_ascii_lowercase())
    };
    format!(
        "<div class=\"deed\"><button id=\"{id}\" name=\"{name}\" value=\"{value}\" aria-describedby=\"{id}-hint\" formnovalidate>{}</button>\
         <span id=\"{id}-hint\">{}</span></div>",
        escape(label),
        escape(hint)
    )
}

/// The test cards to choose from, the first one chosen; those after the first `shown` are folded away.
pub(crate) fn cards(field: &str, offers: &[Offer<'_>], shown: usize) -> String {
    let mut list = String::from("<fieldset id=\"cards\"><legend>Test card</legend>");
    for (index, offer) in offers.iter().enumerate() {
        if index == shown {
            list.push_str("<details><summary>More test cards</summary>");
        }
        let checked = if index == 0 { " checked" } else { "" };
        let _ = write!(
            list,
            "<label class=\"card\" for=\"card-{slug}\"><input type=\"radio\" id=\"card-{slug}\" name=\"{field}\" value=\"{}\"{checked}>\
             <span><b>{}</b> <code>{}</code></span><small>{}</small></label>",
            escape(offer.value),
            escape(offer.name),
            escape(offer.number),
            escape(offer.happens),
            slug = slug(offer.name),
        );
    }
    if offers.len() > shown {
        list.push_str("</details>");
    }
    list.push_str("</fieldset>");
    list
}

/// A field to type into.
pub(crate) fn field(name: &str, label: &str) -> String {
    format!(
        "<label class=\"field\" for=\"{name}\">{}<input id=\"{name}\" name=\"{name}\" autocomplete=\"off\"></label>",
        escape(label)
    )
}

/// Letters and digits, joined by hyphens.
pub(crate) fn slug(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_text() {
        let evil = "\"><script>alert(1)</script>";
        let offer = Offer {
            value: evil,
            name: evil,
            number: evil,
            happens: evil,
        };
        let parts = [
            text(evil),
            alert(evil),
            facts(&[(evil, evil)]),
            link("back", evil, Some(&format!("https://shop.example/{evil}"))),
            button("do", "pay", evil, evil),
            cards("card", &[offer], 1),
            field("number", evil),
        ];
        for part in &parts {
            assert!(!part.contains("<script") && part.contains("&lt;script&gt;"), "{part}");
        }
        let page = show(StatusCode::OK, evil, evil, &parts.concat());
        assert!(!String::from_utf8_lossy(page.body()).contains("<script"));
    }

    #[test]
    fn links_lead_to_the_web_only() {
        assert_eq!(link("back", "Back", Some("javascript:alert(1)")), "");
        assert_eq!(link("back", "Back", None), "");
        assert!(
            link("back", "Back", Some("http://127.0.0.1/?a=1&b=2")).contains("href=\"http://127.0.0.1/?a=1&amp;b=2\"")
        );
    }

    #[test]
    fn the_first_card_is_chosen_and_the_later_ones_are_folded_away() {
        let offer = |value| Offer {
            value,
            name: value,
            number: "",
            happens: "",
        };
        let list = cards("card", &[offer("one"), offer("two"), offer("three")], 2);
        assert_eq!(list.matches(" checked").count(), 1);
        assert!(list.find("value=\"two\"") < list.find("<details>"));
        assert!(list.find("<details>") < list.find("value=\"three\""));
    }
}
