//! The ways to pay in a country.

use paymux_core::{Call, Error, MethodQuery, PaymentMethod, Wire};

use super::Media;
use crate::Carry1st;
use crate::config::is_country;
use crate::reading::{self, Endpoint};
use crate::shapes::{Id, MethodChannel, MethodsView};

const METHODS: Media = Media {
    content: "application/vnd.carry1st.payments.paymentchannel+json",
    accept: "application/vnd.carry1st.payments.paymentchannel+json, application/json, */*;q=0.1",
};

impl Carry1st {
    /// Payment methods: GET `payments/methods` of one country; a customer narrows nothing here.
    pub(crate) async fn methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        let country = query.country.as_ref().or(self.config.default_country.as_ref());
        let country = country.ok_or_else(|| Error::invalid("country", "is needed: methods are listed by country"))?;
        if !is_country(country) {
            let rule = format!("`{country}` is not an ISO 3166-1 alpha-2 code in upper case");
            return Err(Error::invalid("country", rule));
        }
        let request = self.get(&format!("/api/pay1st/payments/methods?countryCode={country}"), &METHODS)?;
        let reply = match wire.send(Call::asks(request)).await {
            Ok(reply) => reply,
            Err(lost) => return Err(lost.give_up()),
        };
        if !reply.status.is_success() {
            return Err(reading::refusal(&reply, Endpoint::Api, wire.now()));
        }
        let view: MethodsView = reading::object(&reply)?;
        let mut methods = Vec::new();
        for group in view.data.groups {
            let name = group.name.unwrap_or_default();
            methods.extend(group.channels.into_iter().filter_map(|channel| method(channel, &name)));
        }
        Ok(methods)
    }
}

/// One way to pay. Of the three ids nearby, the entry's own is the one that links take.
fn method(entry: MethodChannel, group: &str) -> Option<PaymentMethod> {
    let id = match entry.id? {
        Id::Number(id) => id.to_string(),
        Id::Text(id) => id,
    };
    let parts = [&entry.channel, &entry.payment_option];
    let name = parts.iter().find_map(|part| part.as_ref()?.name.clone());
    let kind = entry
        .channel
        .as_ref()
        .and_then(|channel| channel.payment_method.clone());
    let statuses: Vec<&str> = parts
        .iter()
        .filter_map(|part| part.as_ref()?.status.as_deref())
        .collect();
    let mut method = PaymentMethod::new(
        id,
        name.unwrap_or_else(|| group.to_owned()),
        kind.unwrap_or_else(|| group.to_owned()),
    );
    method.active = if statuses.contains(&"SUSPENDED") {
        Some(false)
    } else {
        (!statuses.is_empty() && statuses.iter().all(|status| *status == "ACTIVE")).then_some(true)
    };
    Some(method)
}
