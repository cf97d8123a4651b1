//! Access tokens and refresh tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::later;
use super::refusal::Refusal;
use super::settings::Settings;
use crate::wire;

/// The only role there is.
const ROLE: &str = "API_USER";

/// Every token that was given out.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    access: Vec<Access>,
    refresh: Vec<Refresh>,
    calls: Vec<Timestamp>,
    made: u64,
}

#[derive(Clone, Debug)]
struct Access {
    token: String,
    until: Timestamp,
}

#[derive(Clone, Debug)]
struct Refresh {
    token: String,
    used: bool,
}

#[derive(Deserialize)]
struct Grant {
    role: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewal {
    role: String,
    refresh_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    role: &'static str,
    access_token: String,
    refresh_token: String,
}

impl Tokens {
    /// Answers the token call.
    pub(super) fn grant(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        self.count(now, settings)?;
        let body: Grant = read(request.body())?;
        check_role(&body.role)?;
        let wrong = || Refusal::unauthorized("SIM_CREDENTIALS", "no such pair of API key and secret");
        let (key, secret) = wire::basic(request.headers()).ok_or_else(wrong)?;
        if secret != settings.api_secret {
            return Err(wrong());
        }
        if key == settings.forbidden_key {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "SIM_PERMISSION",
                "this API key may not do that",
            ));
        }
        if key != settings.api_key {
            return Err(wrong());
        }
        Ok(self.pair(now, settings.token_life))
    }

    /// Answers the refresh call.
    pub(super) fn renew(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        self.count(now, settings)?;
        let body: Renewal = read(request.body())?;
        check_role(&body.role)?;
        let found = self
            .refresh
            .iter_mut()
            .find(|refresh| refresh.token == body.refresh_token)
            .filter(|refresh| !(settings.strict_refresh && refresh.used))
            .ok_or_else(|| Refusal::unauthorized("SIM_REFRESH", "this refresh token does not work"))?;
        found.used = true;
        Ok(self.pair(now, settings.token_life))
    }

    /// Refuses a request without a living access token.
    pub(super) fn check(&self, now: Timestamp, headers: &HeaderMap) -> Result<(), Refusal> {
        wire::text(headers, "accesstoken")
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|token| self.lives(now, token))
            .map(|_| ())
            .ok_or_else(|| Refusal::unauthorized("SIM_TOKEN", "a valid AccessToken header is needed"))
    }

    /// Whether this access token works now.
    pub(super) fn lives(&self, now: Timestamp, token: &str) -> bool {
        self.access.iter().any(|a| a.token == token && now < a.until)
    }

    /// Whether this access token was ever given out.
    pub(super) fn known(&self, token: &str) -> bool {
        self.access.iter().any(|access| access.token == token)
    }

    /// Ends every access token. Refresh tokens go on working.
    pub(super) fn expire(&mut self) {
        for access in &mut self.access {
            access.until = Timestamp::MIN;
        }
    }

    /// A new access token.
    pub(super) fn mint(&mut self, now: Timestamp, life: Duration) -> String {
        self.made += 1;
        let token = opaque("access", self.made);
        self.access.push(Access {
            token: token.clone(),
            until: later(now, life),
        });
        token
    }

    fn pair(&mut self, now: Timestamp, life: Duration) -> Response<Bytes> {
        let access_token = self.mint(now, life);
        let refresh_token = opaque("refresh", self.made);
        self.refresh.push(Refresh {
            token: refresh_token.clone(),
            used: false,
        });
        let pair = Pair {
            role: ROLE,
            access_token,
            refresh_token,
        };
        wire::json(StatusCode::OK, &pair)
    }

    /// Counts a call, and refuses it if there were too many within a minute.
    fn count(&mut self, now: Timestamp, settings: &Settings) -> Result<(), Refusal> {
        let minute = Duration::from_secs(60);
        self.calls.retain(|call| later(*call, minute) > now);
        if self.calls.len() >= settings.tokens_per_minute {
            return Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "SIM_RATE",
                "too many calls for tokens",
            ));
        }
        self.calls.push(now);
        Ok(())
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::field(format!("body: {error}")))
}

fn check_role(role: &str) -> Result<(), Refusal> {
    if role == ROLE {
        return Ok(());
    }
    Err(Refusal::unauthorized("SIM_ROLE", "no such role"))
}

/// A token of 512 characters of base64 with all that needs escaping in a URL: `+`, `/` and one `=` at the end.
fn opaque(kind: &str, number: u64) -> String {
    let token = |salt: u32| {
        let mut bytes: Vec<u8> = (0..12_u32)
            .flat_map(|part| Sha256::digest(format!("{kind} {number} {salt} {part}")).to_vec())
            .collect();
        bytes.truncate(383);
        STANDARD.encode(bytes)
    };
    (0..)
        .map(token)
        .find(|token| token.contains('+') && token.contains('/'))
        .unwrap_or_default()
}
