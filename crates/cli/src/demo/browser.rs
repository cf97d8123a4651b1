//! The customer's browser, as far as the simulators' pages need one: it opens the page over HTTP and sends its form.

use http::{Method, Request, StatusCode, header};
use paymux::transport::{MarkedBody, ReqwestTransport, Transport as _};
use paymux::{NextAction, Reply};

use crate::lab::Place;

/// A browser that follows no redirect: where the shop would be, there is nobody.
#[derive(Debug, Default)]
pub(super) struct Browser {
    client: ReqwestTransport,
}

impl Browser {
    /// Pays on the provider's page with this card.
    pub(super) async fn pay(&self, place: &Place, action: &NextAction, card: &str) -> Result<(), String> {
        let page = match action {
            NextAction::Redirect(_) => action.expose_url().to_owned(),
            NextAction::Widget { script, .. } => self.page_of_script(script).await?,
            _ => return Err("the next action is neither a page nor a script".to_owned()),
        };
        let shown = self.request(Method::GET, &page, String::new()).await?;
        if shown.status != StatusCode::OK {
            return Err(format!("the page answers {}", shown.status.as_u16()));
        }
        let (address, form) = match place.provider {
            "coolpay" => (page.as_str(), format!("do=pay&number={card}")),
            "opp" => (page.as_str(), format!("action=pay&card={card}")),
            // Its form has the link's own parameters as hidden fields.
            "carry1st" => {
                let (address, query) = page.split_once('?').unwrap_or((&page, ""));
                (address, format!("{query}&card={card}&outcome="))
            }
            other => return Err(format!("nobody knows the page of {other}")),
        };
        let sent = self.request(Method::POST, address, form).await?;
        if sent.status.is_success() || sent.status.is_redirection() {
            Ok(())
        } else {
            Err(format!("the page's form is answered {}", sent.status.as_u16()))
        }
    }

    /// The address that a checkout's script links to.
    async fn page_of_script(&self, script: &str) -> Result<String, String> {
        let reply = self.request(Method::GET, script, String::new()).await?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let link = text
            .split_once("link.href = '")
            .and_then(|(_, rest)| rest.split_once('\''));
        match link {
            Some((link, _)) => Ok(format!("{link}https%3A%2F%2Fshop.example%2Fthanks")),
            None => Err(format!(
                "the script answers {} and links nowhere",
                reply.status.as_u16()
            )),
        }
    }

    async fn request(&self, method: Method, address: &str, form: String) -> Result<Reply, String> {
        let posts = method == Method::POST;
        let mut request = Request::new(MarkedBody::new(form.into()).0);
        *request.method_mut() = method;
        *request.uri_mut() = address.parse().map_err(|_| "the page's address is none".to_owned())?;
        if posts {
            let kind = header::HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        self.client.send(request).await.map_err(|error| error.message)
    }
}
