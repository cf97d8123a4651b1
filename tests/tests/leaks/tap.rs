//! A transport that learns the secrets that are made on the way, the tokens that a provider gives out; and one that shows what it was sent.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use paymux::Reply;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux_conformance::Canaries;
use serde_json::{Value, json};

/// Hands on what comes, and keeps the tokens.
#[derive(Debug)]
pub(crate) struct Listening {
    inner: Arc<dyn Transport>,
    tokens: Mutex<Vec<(String, String)>>,
    echo: Mutex<Option<(u32, Echo)>>,
}

/// An answer that shows the request: what a debugging proxy, or a server with too much to say, does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    pub(crate) status: StatusCode,
    pub(crate) shape: Shape,
}

/// How the request is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// As it came.
    Text,
    /// As it came, in one JSON string.
    Quoted,
    /// Field by field.
    Fields,
}

impl Echo {
    fn body(self, request: &Request<Bytes>) -> String {
        let (method, uri) = (request.method(), request.uri());
        let headers = || {
            request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
        };
        let body = String::from_utf8_lossy(request.body());
        let lines: String = headers().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!("{method} {uri} HTTP/1.1\r\n{lines}\r\n{body}");
        match self.shape {
            Shape::Text => format!("<pre>{text}</pre>"),
            Shape::Quoted => {
                json!({ "message": text, "result": { "code": "600.200.100", "description": text } }).to_string()
            }
            Shape::Fields => {
                let listed: serde_json::Map<_, _> = headers()
                    .map(|(name, value)| (name.to_owned(), json!([value])))
                    .collect();
                let told = serde_json::from_slice(request.body()).unwrap_or_else(|_| json!(body));
                json!({ "url": uri.to_string(), "headers": listed, "json": told, "data": body }).to_string()
            }
        }
    }
}

impl Listening {
    pub(crate) fn to(inner: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            tokens: Mutex::default(),
            echo: Mutex::default(),
        })
    }

    /// The tokens that were seen, by the name of their field.
    pub(crate) fn tokens(&self) -> Vec<(String, String)> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn teach(&self, canaries: &mut Canaries) {
        for (name, token) in self.tokens() {
            canaries.add(&name, &token);
        }
    }

    /// The request after the next `skip` ones is answered with itself; `None`: none is.
    pub(crate) fn echo(&self, echo: Option<(u32, Echo)>) {
        *self.echo.lock().unwrap_or_else(PoisonError::into_inner) = echo;
    }

    fn echoes(&self) -> Option<Echo> {
        let mut echo = self.echo.lock().unwrap_or_else(PoisonError::into_inner);
        match echo.take()? {
            (0, now) => Some(now),
            (skip, later) => {
                *echo = Some((skip - 1, later));
                None
            }
        }
    }

    fn keep(&self, name: &str, token: &str) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tokens.iter().any(|(_, known)| known == token);
        if !known && token.len() > 5 {
            tokens.push((name.to_owned(), token.to_owned()));
        }
    }

    fn learn(&self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        // `Bearer` is none.
                        Value::String(text) if is_token(name) => self.keep(name, text),
                        other => self.learn(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
    }
}

fn is_token(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("token") && !name.ends_with("type")
}

#[async_trait]
impl Transport for Listening {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        for (name, value) in request.headers() {
            let named = name.as_str().contains("token");
            if let Ok(text) = value.to_str()
                && (named || name == header::AUTHORIZATION)
            {
                self.keep(name.as_str(), text.rsplit(' ').next().unwrap_or(text));
            }
        }
        if let Some(echo) = self.echoes() {
            let (parts, mut body) = request.into_parts();
            let body = echo.body(&Request::from_parts(parts, body.take()));
            return Ok(Reply::new(echo.status, HeaderMap::new(), body));
        }
        let reply = self.inner.send(request).await?;
        if let Ok(value) = serde_json::from_slice(&reply.body) {
            self.learn(&value);
        }
        Ok(reply)
    }
}
