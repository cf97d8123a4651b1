//! Gives out access tokens, and asks for them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::reading::{Errors, Fields};
use super::writing::{Answer, Object, Refusal, answer};
use super::{LoginFields, Qolo};
use crate::wire;

/// A token that was given out.
#[derive(Clone, Debug)]
pub(super) struct Token {
    text: String,
    until: Timestamp,
}

impl Qolo {
    pub(super) fn login(&mut self, now: Timestamp, mut fields: Fields) -> Answer {
        let joined = match self.settings.login_fields {
            LoginFields::Underscored => false,
            LoginFields::Joined => true,
            LoginFields::Either => fields.has("loginid"),
        };
        let (id, key) = if joined {
            ("loginid", "apikey")
        } else {
            ("login_id", "api_key")
        };
        let mut errors = Errors::new();
        let login = fields.must(&mut errors, id, 1..=256);
        let secret = fields.must(&mut errors, key, 1..=1024);
        fields.end(&mut errors);
        Refusal::unless_none(errors)?;
        let known = Some(&self.settings.login_id) == login.as_ref() && Some(&self.settings.api_key) == secret.as_ref();
        if !known {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "The login is not known."));
        }
        let until = now.checked_add(self.settings.token_life).unwrap_or(Timestamp::MAX);
        let text = self.token(now, until);
        self.tokens.retain(|token| token.until > now);
        self.tokens.push(Token {
            text: text.clone(),
            until,
        });
        Ok(answer(
            StatusCode::OK,
            Object::new()
                .put(&self.settings.token_field, &text)
                .put("token_type", "Bearer"),
        ))
    }

    fn token(&mut self, now: Timestamp, until: Timestamp) -> String {
        let claims = Object::new()
            .put("jti", &self.guid())
            .put("sub", &self.settings.login_id)
            .put("iat", &now.as_second());
        let claims = if self.settings.token_expiry {
            claims.put("exp", &until.as_second())
        } else {
            claims
        };
        let head = Object::new().put("alg", "HS256").put("typ", "JWT");
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(head.bytes()),
            URL_SAFE_NO_PAD.encode(claims.bytes())
        );
        let seal = URL_SAFE_NO_PAD.encode(Sha256::digest(&signed));
        format!("{signed}.{seal}")
    }

    /// Lets a request in that carries a good token and asks for nothing that is forbidden to it.
    pub(super) fn let_in(&self, now: Timestamp, request: &Request<Bytes>) -> Result<(), Refusal> {
        let given =
            wire::text(request.headers(), header::AUTHORIZATION.as_str()).and_then(|h| h.strip_prefix("Bearer "));
        let good = given.is_some_and(|given| {
            self.settings.static_token.as_deref() == Some(given)
                || self.tokens.iter().any(|token| token.text == given && token.until > now)
        });
        if !good {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "An access token is required, and a good one.",
            ));
        }
        let path = request.uri().path();
        let forbidden = |(method, piece): &(http::Method, String)| method == request.method() && path.contains(piece);
        if self.settings.forbidden.iter().any(forbidden) {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "The access token may not use this method.",
            ));
        }
        Ok(())
    }
}
