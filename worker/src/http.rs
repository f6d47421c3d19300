//! Asking somebody else: with a limit on the time and on the length of the answer.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{AbortController, Delay, Error, Fetch, Headers, Method};

use crate::platform;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// What is asked.
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a Headers,
    pub(crate) body: Option<&'a str>,
    /// How long the answer may take.
    pub(crate) patience: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// None came in time.
    #[error("there was no answer in time")]
    Silent,
    /// It is longer than any that could be right.
    #[error("the answer is too long")]
    TooLong,
    /// Nobody is there, or what is there speaks no HTTP.
    #[error("nobody answers: {0}")]
    Nobody(#[from] Error),
}

/// Asks, and gives the answer's status and text. A redirection is an answer: what is shown to one host
/// is not for another.
pub(crate) async fn ask(question: Question<'_>) -> Result<(u16, String), NoAnswer> {
    let Question {
        method,
        url,
        headers,
        body,
        patience,
    } = question;
    let request = platform::request(method, url, headers, body)?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let answer = pin!(async {
        let mut response = Fetch::Request(request).send_with_signal(&signal).await?;
        let length = response.headers().get("content-length")?;
        let length = length.and_then(|length| length.parse::<usize>().ok());
        if length.is_some_and(|length| length > MAX_ANSWER_BYTES) {
            return Err(NoAnswer::TooLong);
        }
        let text = response.text().await?;
        match text.len() {
            ..=MAX_ANSWER_BYTES => Ok((response.status_code(), text)),
            _ => Err(NoAnswer::TooLong),
        }
    });
    match within(patience, answer).await {
        Some(answer) => answer,
        None => {
            controller.abort();
            Err(NoAnswer::Silent)
        }
    }
}

/// Waits for something, but not for longer than this.
pub(crate) async fn within<T>(patience: Duration, what: impl Future<Output = T>) -> Option<T> {
    match select(pin!(what), pin!(Delay::from(patience))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
