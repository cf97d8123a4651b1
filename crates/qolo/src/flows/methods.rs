//! The instruments that are stored for a person.

use paymux_core::{Error, MethodQuery, PaymentMethod, Wire};

use super::{escaped, list};
use crate::adapter::Qolo;
use crate::shapes::Instrument;

impl Qolo {
    /// `GET outside_instruments?person_guid=…`. Ids come with the rail in front where the kind of instrument says which, ready for a source.
    pub(crate) async fn methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        let Some(person) = query.customer.as_deref().filter(|person| !person.is_empty()) else {
            return Err(Error::invalid(
                "customer",
                "is missing: the person_guid whose instruments are listed",
            ));
        };
        let path = format!("/outside_instruments?person_guid={}", escaped(person));
        let request = |start: Option<i64>| match start {
            None => self.get(&path),
            Some(start) => self.get(&format!("{path}&start_index={start}")),
        };
        let instruments: Vec<Instrument> = list(request, wire).await?;
        Ok(instruments.into_iter().filter_map(method).collect())
    }
}

fn method(instrument: Instrument) -> Option<PaymentMethod> {
    let guid = instrument.outside_instrument_guid?;
    let kind = instrument.instrument_type.unwrap_or_default();
    let id = match kind.as_str() {
        "BANKDDA" => format!("ach:{guid}"),
        "CARD" => format!("card:{guid}"),
        _ => guid,
    };
    let name = instrument
        .instrument_name
        .or(instrument.mask_account_number)
        .or(instrument.financial_inst_name)
        .unwrap_or_default();
    let mut method = PaymentMethod::new(id, name, kind);
    method.active = instrument.instrument_status.map(|status| status == "ACTIVE");
    Some(method)
}
