//! Tokens: by the login route, two values in, an access token of 12 hours out; or the one of the configuration.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use jiff::Timestamp;
use paymux_core::{Call, Error, ErrorKind, Fate, Lost, Token, Tokens, Wire, async_trait};
use secrecy::{ExposeSecret, SecretString};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::adapter::{Credentials, Login, Qolo};
use crate::reading::refusal;

/// How long a token lives, by the provider's word.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// Where the token may stand, in this order. The reply is not documented.
const NAMES: [&str; 4] = ["access_token", "accessToken", "token", "jwt"];
/// The objects that it may stand in.
const INSIDE: [&str; 2] = ["data", "result"];

#[async_trait]
impl Tokens for Qolo {
    async fn obtain(&self, _: Option<&Token>, wire: &dyn Wire) -> Result<Token, Error> {
        match &self.credentials {
            Credentials::Login(login) => self.log_in(login, wire).await,
            Credentials::Static(token) => Ok(Token::new(token.clone(), None)),
        }
    }
}

impl Qolo {
    /// Gets a token.
    async fn log_in(&self, login: &Login, wire: &dyn Wire) -> Result<Token, Error> {
        let request = self.send(Method::POST, "/auth/login", login)?;
        let reply = wire.send(Call::asks(request)).await.map_err(Lost::give_up)?;
        if matches!(
            reply.status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) {
            let message = "the login was refused: check `login_id` and `api_key`, and whether your host spells them otherwise \
                           (`login_id_field`, `api_key_field`)";
            return Err(Error::new(ErrorKind::Configuration, message).with_status(reply.status));
        }
        if !reply.status.is_success() {
            return Err(refusal(&reply, false, wire.now())
                .with_fate(Fate::NotDone)
                .context("login"));
        }
        // The body is not kept with any error: it may hold the token.
        let body: Value = serde_json::from_slice(&reply.body)
            .map_err(|_| Error::new(ErrorKind::Provider, "the login's reply is not JSON").with_status(reply.status))?;
        let Some(access) = token(&body) else {
            let message = format!("the login's reply holds no token; it has {}", seen(&body));
            return Err(Error::new(ErrorKind::Provider, message).with_status(reply.status));
        };
        let now = wire.now();
        let latest = now.checked_add(LIFE).unwrap_or(now);
        let expires = expiry(access).map_or(latest, |own| own.min(latest));
        Ok(Token::new(SecretString::from(access.to_owned()), Some(expires)))
    }
}

impl Serialize for Login {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(&self.id_field, &self.id)?;
        map.serialize_entry(&self.key_field, self.key.expose_secret())?;
        map.end()
    }
}

fn token(body: &Value) -> Option<&str> {
    let inside = INSIDE.iter().filter_map(|name| body.get(name));
    let named = std::iter::once(body)
        .chain(inside)
        .flat_map(|object| NAMES.iter().filter_map(|name| object.get(name)));
    named
        .chain(std::iter::once(body))
        .filter_map(Value::as_str)
        .map(str::trim)
        .find(|text| !text.is_empty())
}

/// The names of the fields, and no value. A name that looks like anything but a name is left out.
fn seen(body: &Value) -> String {
    let Value::Object(map) = body else {
        return "no fields".to_owned();
    };
    let name = |name: &&String| name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let names: Vec<_> = map.keys().filter(name).take(16).map(String::as_str).collect();
    if names.is_empty() {
        "no fields".to_owned()
    } else {
        format!("the fields {}", names.join(", "))
    }
}

/// The `exp` of a JWT. It is read, not verified: the token is ours, and only its age is of interest.
fn expiry(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = token.split('.').nth(1)?.trim_end_matches('=');
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Timestamp::from_second(claims.exp).ok()
}
