//! Tokens: by the key pair, or by the refresh token of the previous one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::SignedDuration;
use paymux_core::{Call, Error, ErrorKind, Reply, Token, Tokens, Wire, async_trait, request};
use secrecy::{ExposeSecret, SecretString};

use super::Media;
use crate::Carry1st;
use crate::reading::{self, Endpoint};
use crate::shapes::{self, RefreshRequest, TokenReply, TokenRequest};

const ROLE: &str = "API_USER";

const TOKEN: Media = Media {
    content: "application/vnd.carry1st.payments.partnerauthentication+json",
    accept: "application/vnd.carry1st.payments.partnerauthentication+json, application/json, */*;q=0.1",
};
/// The one call whose `Accept` is documented.
const REFRESH: Media = Media {
    content: TOKEN.content,
    accept: TOKEN.content,
};

#[async_trait]
impl Tokens for Carry1st {
    async fn obtain(&self, previous: Option<&Token>, wire: &dyn Wire) -> Result<Token, Error> {
        if let Some(refresh) = previous.and_then(|token| token.refresh.as_ref())
            && let Some(token) = self.refresh(refresh, wire).await?
        {
            return Ok(token);
        }
        self.mint(wire).await
    }
}

impl Carry1st {
    /// POST `auth/refresh`; `None` where the refresh token did not help, or may be used up without our knowing the next.
    async fn refresh(&self, refresh: &SecretString, wire: &dyn Wire) -> Result<Option<Token>, Error> {
        let body = RefreshRequest {
            role: ROLE,
            refresh_token: refresh.expose_secret(),
        };
        let request = self.post("/api/pay1st/auth/refresh", &REFRESH, &body)?;
        // Whether a refresh token can be used twice is not documented.
        let Ok(reply) = wire.send(Call::consumes(request)).await else {
            return Ok(None);
        };
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(reading::refusal(&reply, Endpoint::Token, wire.now()));
        }
        Ok(self.token(&reply, wire).ok())
    }

    /// POST `auth/token` with the key pair.
    async fn mint(&self, wire: &dyn Wire) -> Result<Token, Error> {
        let request = self.basic(self.post("/api/pay1st/auth/token", &TOKEN, &TokenRequest { role: ROLE })?)?;
        match wire.send(Call::asks(request)).await {
            Ok(reply) => self.token(&reply, wire),
            Err(lost) => Err(lost.give_up().context("no access token")),
        }
    }

    fn basic(&self, mut request: Request<Bytes>) -> Result<Request<Bytes>, Error> {
        let pair = format!(
            "{}:{}",
            self.config.api_key.expose_secret(),
            self.config.api_secret.expose_secret()
        );
        let pair = SecretString::from(STANDARD.encode(pair));
        request::secret_header(request.headers_mut(), header::AUTHORIZATION, "Basic ", &pair)?;
        Ok(request)
    }

    /// Reads either reply. Its body is never kept: it is the secret.
    fn token(&self, reply: &Reply, wire: &dyn Wire) -> Result<Token, Error> {
        if !reply.status.is_success() {
            return Err(reading::refusal(reply, Endpoint::Token, wire.now()));
        }
        let given = |token: &String| !token.is_empty();
        let (access, refresh) = match shapes::read::<TokenReply>(reply) {
            Some(read) => (read.access_token.filter(given), read.refresh_token.filter(given)),
            None => (None, None),
        };
        let access = access.ok_or_else(|| {
            let message = "the token endpoint's reply holds no readable access token";
            Error::new(ErrorKind::Provider, message).with_status(reply.status)
        })?;
        let age = SignedDuration::from_secs(self.config.token_max_age_secs.into());
        Ok(Token::new(access, wire.now().checked_add(age).ok()).with_refresh(refresh.map(Into::into)))
    }
}
