//! The sale as somebody writes it by hand with reqwest, for one provider at a time: the same bytes on the wire, the reply parsed, and its code, id,
//! amount, currency and reference compared. What every request has in common is set once, on the client.

use std::borrow::Cow;

use base64::Engine as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::stand::Stand;

/// A client written by hand.
#[derive(Debug)]
pub(crate) struct ByHand {
    client: Client,
    base: String,
    provider: &'static str,
    entity: String,
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl ByHand {
    /// For the provider of a stand, at this address. `token` is the access token, where one is needed.
    pub(crate) fn new(stand: &Stand, base: &str, token: &str) -> Self {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        let (provider, credential) = match stand.key("provider") {
            "coolpay" => {
                headers.insert(ACCEPT, json);
                headers.insert(
                    HeaderName::from_static("accept-version"),
                    HeaderValue::from_static("v10"),
                );
                let pair = format!(":{}", stand.key("api_key"));
                let pair = base64::engine::general_purpose::STANDARD.encode(pair);
                ("coolpay", format!("Basic {pair}"))
            }
            "opp" => ("opp", format!("Bearer {}", stand.key("access_token"))),
            _ => {
                headers.insert(ACCEPT, json);
                ("qolo", format!("Bearer {token}"))
            }
        };
        let mut value = HeaderValue::from_str(&credential).expect("a header");
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        let client = Client::builder()
            .default_headers(headers)
            .no_proxy()
            .build()
            .expect("a client");
        Self {
            client,
            base: base.to_owned(),
            provider,
            entity: stand.key("entity_id").to_owned(),
        }
    }

    /// Makes the sale of this number.
    pub(crate) async fn sale(&self, number: u64) -> Outcome {
        let reference = format!("bench{number}");
        match self.provider {
            "coolpay" => self.coolpay(&reference).await,
            "opp" => self.opp(&reference).await,
            _ => self.qolo(&reference, number).await,
        }
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    async fn coolpay(&self, reference: &str) -> Outcome {
        #[derive(Serialize)]
        struct Create<'a> {
            order_id: &'a str,
            currency: &'a str,
        }
        #[derive(Serialize)]
        struct Authorize<'a> {
            amount: i64,
            auto_capture: bool,
            card: Card<'a>,
        }
        #[derive(Serialize)]
        struct Card<'a> {
            number: &'a str,
            expiration: &'a str,
            cvd: &'a str,
            issued_to: &'a str,
        }
        #[derive(Serialize)]
        struct Capture {
            amount: i64,
        }
        #[derive(Deserialize)]
        struct Payment {
            id: i64,
            order_id: String,
            currency: String,
            operations: Vec<Step>,
        }
        #[derive(Deserialize)]
        struct Step {
            #[serde(rename = "type")]
            kind: String,
            amount: i64,
            pending: bool,
            qp_status_code: String,
        }
        let create = Create {
            order_id: reference,
            currency: "DKK",
        };
        let made: Payment = self
            .post("/payments")
            .json(&create)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        same(&made.order_id, reference)?;
        same(&made.currency, "DKK")?;
        let approved = |payment: &Payment, kind: &str| -> Outcome {
            same(&payment.order_id, reference)?;
            same(&payment.currency, "DKK")?;
            let step = payment
                .operations
                .iter()
                .rfind(|step| step.kind == kind)
                .ok_or("no such operation")?;
            same(&step.qp_status_code, "20000")?;
            if payment.id != made.id || step.amount != 10000 || step.pending {
                return Err("the operation is another".into());
            }
            Ok(())
        };
        let card = Card {
            number: "1000000000000008",
            expiration: "3405",
            cvd: "123",
            issued_to: "Jane Jones",
        };
        let authorize = Authorize {
            amount: 10000,
            auto_capture: false,
            card,
        };
        let path = format!("/payments/{}/authorize?synchronized", made.id);
        let held: Payment = self
            .post(&path)
            .json(&authorize)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        approved(&held, "authorize")?;
        let path = format!("/payments/{}/capture?synchronized", made.id);
        let capture = Capture { amount: 10000 };
        let taken: Payment = self
            .post(&path)
            .json(&capture)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        approved(&taken, "capture")
    }

    async fn opp(&self, reference: &str) -> Outcome {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Payment<'a> {
            id: Cow<'a, str>,
            amount: Cow<'a, str>,
            currency: Cow<'a, str>,
            merchant_transaction_id: Cow<'a, str>,
            #[serde(borrow)]
            result: Code<'a>,
        }
        #[derive(Deserialize)]
        struct Code<'a> {
            code: Cow<'a, str>,
        }
        let form = [
            ("entityId", self.entity.as_str()),
            ("amount", "92.00"),
            ("currency", "EGP"),
            ("paymentType", "DB"),
            ("paymentBrand", "VISA"),
            ("card.number", "4200000000000000"),
            ("card.holder", "Jane Jones"),
            ("card.expiryMonth", "05"),
            ("card.expiryYear", "2034"),
            ("card.cvv", "123"),
            ("merchantTransactionId", reference),
            ("shopperResultUrl", "https://shop.example/back"),
        ];
        let content = HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8");
        let request = self.post("/v3/payments").header(CONTENT_TYPE, content).form(&form);
        let body = request.send().await?.error_for_status()?.bytes().await?;
        let payment: Payment<'_> = serde_json::from_slice(&body)?;
        same(&payment.result.code, "000.100.110")?;
        same(&payment.amount, "92.00")?;
        same(&payment.currency, "EGP")?;
        same(&payment.merchant_transaction_id, reference)?;
        if payment.id.len() == 32 {
            Ok(())
        } else {
            Err("no id".into())
        }
    }

    async fn qolo(&self, reference: &str, number: u64) -> Outcome {
        #[derive(Serialize)]
        struct Transfer<'a> {
            client_reference_id: &'a str,
            transfer_type: &'a str,
            channel_type: &'a str,
            amount: &'a RawValue,
            currency: &'a str,
            memo_code: &'a str,
            source: Source<'a>,
            destination: Destination<'a>,
        }
        #[derive(Serialize)]
        struct Source<'a> {
            outside_instrument_guid: &'a str,
        }
        #[derive(Serialize)]
        struct Destination<'a> {
            account_guid: &'a str,
        }
        #[derive(Deserialize)]
        struct Answer {
            txn_guid: String,
            amount: Box<RawValue>,
            currency: String,
            response_code: Option<String>,
            client_reference_id: Option<String>,
        }
        use paymux_simulator::qolo::seeds;
        let amount = RawValue::from_string("25.00".to_owned())?;
        let transfer = Transfer {
            client_reference_id: reference,
            transfer_type: "BANKTOACCOUNT",
            channel_type: "ACH",
            amount: &amount,
            currency: "USD",
            memo_code: reference,
            source: Source {
                outside_instrument_guid: seeds::INSTRUMENT_ACH,
            },
            destination: Destination {
                account_guid: seeds::ACCOUNT,
            },
        };
        let key = format!("{number:032x}");
        let request = self
            .post("/api/v1/transfers")
            .header("idempotencykey", key)
            .json(&transfer);
        let answer: Answer = request.send().await?.error_for_status()?.json().await?;
        same(answer.response_code.as_deref().unwrap_or("APPROVE"), "APPROVE")?;
        same(answer.amount.get(), "25.00")?;
        same(&answer.currency, "USD")?;
        same(answer.client_reference_id.as_deref().unwrap_or(reference), reference)?;
        if answer.txn_guid.len() == 36 {
            Ok(())
        } else {
            Err("no id".into())
        }
    }
}

fn same(theirs: &str, ours: &str) -> Outcome {
    if theirs == ours {
        Ok(())
    } else {
        Err(format!("the reply says {theirs}, and {ours} was asked").into())
    }
}
