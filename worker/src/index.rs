//! How the index of live sessions is told and asked. There is one, for all sessions.

use serde::{Deserialize, Serialize};
use worker::{Env, Error, Headers, Method, Request, Response, Result, Stub};

use crate::outbox::News;
use crate::platform;

/// The binding of the index in `wrangler.toml`.
const INDEX: &str = "INDEX";

/// The one index.
const NAME: &str = "index";

const ASK: &str = "x-samewire-ask";

/// What the index is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// To take the news in the body.
    Tell,
    /// Which sessions are live.
    List(Filter),
    /// What is wrong in those that are.
    Alerts(Filter),
    /// What happens, as it happens.
    Follow,
}

/// Which rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Filter {
    /// In this state.
    pub(crate) state: Option<String>,
    /// Whose id contains this.
    pub(crate) session: Option<String>,
    /// With this user in it.
    pub(crate) user: Option<String>,
    /// After this id.
    pub(crate) cursor: Option<String>,
    /// This many at most.
    pub(crate) limit: u32,
}

fn stub(env: &Env) -> Result<Stub> {
    env.durable_object(INDEX)?.id_from_name(NAME)?.get_stub()
}

fn request(ask: &Ask, body: Option<&str>) -> Result<Request> {
    let headers = Headers::new();
    // A filter is what somebody typed; JSON in ASCII can stand in a header.
    let ask = serde_json::to_string(ask)?;
    headers.set(
        ASK,
        &js_sys::encode_uri_component(&ask)
            .as_string()
            .unwrap_or_default(),
    )?;
    platform::request(Method::Post, "https://index/", &headers, body)
}

/// Reads what the index is asked.
pub(crate) fn read(request: &Request) -> Result<Ask> {
    let wrong = || Error::RustError("not a request of the Worker".to_owned());
    let text = request.headers().get(ASK)?.ok_or_else(wrong)?;
    let text = js_sys::decode_uri_component(&text).map_err(|_| wrong())?;
    Ok(serde_json::from_str(&text.as_string().ok_or_else(wrong)?)?)
}

/// Tells the index; done is when the index has stored it.
pub(crate) async fn tell(env: &Env, news: &News) -> Result<()> {
    let body = serde_json::to_string(news)?;
    let request = request(&Ask::Tell, Some(&body))?;
    let response = stub(env)?.fetch_with_request(request).await?;
    match response.status_code() {
        200 => Ok(()),
        status => Err(Error::RustError(format!("the index answered {status}"))),
    }
}

/// Asks the index.
pub(crate) async fn ask(env: &Env, ask: &Ask) -> Result<Response> {
    stub(env)?.fetch_with_request(request(ask, None)?).await
}
