//! Signatures of requests and webhooks.

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, StatusCode};
use jiff::Timestamp;
use sha2::Sha256;

use super::refusal::Refusal;
use crate::wire;

/// The header of the signature.
pub(super) const SIGNATURE: &str = "x-signature";
/// The header of the time that was signed along.
pub(super) const TIMESTAMP: &str = "x-timestamp";

/// Signs a body: HMAC-SHA256 over the timestamp's text directly followed by the body, in lower-case hex. The key is used as it is written.
pub(super) fn sign(key: &str, timestamp: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// Refuses a request whose signature is absent, wrong, or of another time.
pub(super) fn check(key: &str, tolerance: Duration, now: Timestamp, request: &Request<Bytes>) -> Result<(), Refusal> {
    let refuse = |code, message: &str| Err(Refusal::new(StatusCode::BAD_REQUEST, code, message));
    let Some(timestamp) = wire::text(request.headers(), TIMESTAMP) else {
        return refuse("SIM_TIMESTAMP", "X-TIMESTAMP is missing");
    };
    let Some(signature) = wire::text(request.headers(), SIGNATURE) else {
        return refuse("SIM_SIGNATURE", "X-SIGNATURE is missing");
    };
    let Ok(stated) = timestamp.parse::<Timestamp>() else {
        return refuse("SIM_TIMESTAMP", "X-TIMESTAMP is not a time of ISO 8601");
    };
    if now.duration_since(stated).unsigned_abs() > tolerance {
        return refuse("SIM_TIMESTAMP", "X-TIMESTAMP is too far from the present");
    }
    if sign(key, timestamp, request.body()) != signature {
        return refuse("SIM_SIGNATURE", "X-SIGNATURE does not fit");
    }
    Ok(())
}
