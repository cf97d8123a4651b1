//! What it costs to verify and read a webhook, beside the bare signature over the same bytes and a bare parse of the same JSON.
//!
//! `cargo bench -p paymux --bench webhooks` prints the samples, and then a table.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail so")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use hmac_sha256::HMAC;
use paymux::Gateways;
use serde_json::Value;

const CONFIG: &str = "
[gateways.coolpay]
provider = 'coolpay'\nmode = 'test'\napi_key = 'a'\nprivate_key = 'a-private-key-of-some-length-0001'
[gateways.opp]
provider = 'opp'\npreset = 'v1'\nmode = 'test'\naccess_token = 't'\nentity_id = 'e'
webhook_key = '000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f'
[gateways.qolo]
provider = 'qolo'\npreset = 'qolo'\nmode = 'test'\nlogin_id = 'l'\napi_key = 'a'\nwebhook_secret = 'a-secret-of-some-length-000000001'
account_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d76'\nprogram_guid = 'd2b7c9d2-85e7-4c51-92d0-3f97a47f8d77'
[gateways.carry1st]
provider = 'carry1st'\nmode = 'test'\napi_key = 'a'\napi_secret = 'b'\nsigning_key = 'a-signing-key-of-some-length-0001'\npartner_code = 'DEMO'
api_base_url = 'http://127.0.0.1:1'\ncheckout_base_url = 'http://127.0.0.1:1'
";

fn main() {
    let gateways = Gateways::from_toml(CONFIG).unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = format!(
        "\n{:<10} {:>6} {:>12} {:>12} {:>12} {:>8}\n",
        "provider", "bytes", "receive", "signature", "parse", "ratio"
    );
    let mut complete = true;
    for (name, body) in bodies() {
        let gateway = gateways.get(name).unwrap();
        let delivery = gateway.sign(body.clone().into()).unwrap();
        let mut group = criterion.benchmark_group(name);
        let ours = measure(&mut group, "receive", || gateway.receive(black_box(&delivery)).is_ok());
        let signature = if name == "opp" {
            let cipher = Aes256Gcm::new_from_slice(&hex::decode(KEY).unwrap()).unwrap();
            let nonce = Nonce::from([7; 12]);
            let sealed = cipher.encrypt(&nonce, body.as_bytes()).unwrap();
            measure(&mut group, "AES-256-GCM", || {
                cipher.decrypt(&nonce, black_box(sealed.as_slice())).is_ok()
            })
        } else {
            let key = b"a-private-key-of-some-length-0001";
            let expected = HMAC::mac(body.as_bytes(), key);
            measure(&mut group, "HMAC-SHA256", || {
                HMAC::verify(black_box(body.as_bytes()), key, &expected)
            })
        };
        let parse = measure(&mut group, "serde_json", || {
            serde_json::from_slice::<Value>(black_box(body.as_bytes())).is_ok()
        });
        group.finish();
        match (ours, signature, parse) {
            (Some(ours), Some(signature), Some(parse)) => {
                writeln!(
                    table,
                    "{name:<10} {:>6} {ours:>9} ns {signature:>9} ns {parse:>9} ns {:>8}",
                    body.len(),
                    hundredths(ours, signature + parse)
                )
                .unwrap();
            }
            _ => complete = false,
        }
    }
    criterion.final_summary();
    if complete {
        println!("{table}\nratio: what receive takes, of the bare signature and the bare parse together");
    }
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";

/// Bodies as the providers send them.
fn bodies() -> [(&'static str, String); 4] {
    let operation = |id: u32, kind: &str| {
        format!(
            r#"{{"id":{id},"type":"{kind}","amount":10000,"pending":false,"qp_status_code":"20000","qp_status_msg":"Approved","aq_status_code":"000","aq_status_msg":"Approved","data":{{}},"callback_url":null,"acquirer":"clearhaus","created_at":"2026-01-02T03:04:05Z"}}"#
        )
    };
    let coolpay = format!(
        r#"{{"id":1145,"ulid":"01ARZ3NDEKTSV4RRFFQ69G5FAV","merchant_id":4711,"order_id":"order1001a1","accepted":true,"type":"Payment","text_on_statement":null,"branding_id":null,"variables":{{}},"currency":"DKK","state":"processed","metadata":{{"type":"card","brand":"visa","last4":"0008","exp_month":12,"exp_year":2030,"country":"DNK","is_3d_secure":false}},"link":null,"shipping_address":null,"invoice_address":null,"basket":[],"operations":[{},{}],"test_mode":true,"acquirer":"clearhaus","facilitator":null,"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:06Z","balance":10000,"fee":null,"deadline_at":null}}"#,
        operation(1, "authorize"),
        operation(2, "capture")
    );
    let opp = r#"{"type":"PAYMENT","payload":{"id":"8ac7a4a0922e1d5b01922f5b1c2d3e4f","paymentType":"DB","paymentBrand":"VISA","amount":"92.00","currency":"EUR","descriptor":"3017.7139.1650 OPP_Channel","merchantTransactionId":"ord-0001-a1","result":{"code":"000.100.110","description":"Request successfully processed in 'Merchant in Integrator Test Mode'"},"resultDetails":{"ConnectorTxID1":"00000000776","ConnectorTxID2":"0095"},"card":{"bin":"420000","last4Digits":"0000","holder":"Jane Jones","expiryMonth":"05","expiryYear":"2034"},"customParameters":{},"risk":{"score":"0"},"buildNumber":"abc","timestamp":"2026-01-02 03:04:05+0000","ndc":"8a8294174b7ecb28014b9699220015ca_1"}}"#;
    let qolo = r#"{"event_type":"transfer.success","data":{"txn_guid":"0017d7fb-f072-440d-86fd-a7ae6238e591","client_reference_id":"pay_1001","transfer_type":"CCDCTOACCOUNT","txn_amount":2500,"txn_currency_code":"840","txn_status":"completed","created":"2026-01-02T03:04:05Z"}}"#;
    let carry1st = r#"{"partnerId":9,"partnerCode":"DEMO","partnerReference":"order-1","reference":"C-142710055596150-P","orderAmount":100.00,"currencyCode":"NGN","countryCode":"NG","customerId":"1","status":"SUCCESSFUL"}"#;
    [
        ("coolpay", coolpay),
        ("opp", opp.to_owned()),
        ("qolo", qolo.to_owned()),
        ("carry1st", carry1st.to_owned()),
    ]
}

/// Measures, and gives the nanoseconds of the best sample; `None` if it was not run.
fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, act: impl Fn() -> bool) -> Option<u128> {
    assert!(act(), "{name} works");
    let mut best = None;
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let start = Instant::now();
            for _ in 0..rounds {
                black_box(act());
            }
            let took = start.elapsed();
            best = Some(best.unwrap_or(u128::MAX).min(took.as_nanos() / u128::from(rounds)));
            took
        });
    });
    best
}

/// A ratio with two decimals.
fn hundredths(number: u128, of: u128) -> String {
    let hundredths = number * 100 / of.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
