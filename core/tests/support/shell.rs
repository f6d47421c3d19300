//! What the shell does with what a session asks for: credentials of a provider.

use samewire_core::protocol::ids::{Epoch, ProviderName};
use samewire_core::session::{Ask, Credentials, Input};
use samewire_core::time::Millis;
use serde_json::json;

use super::World;

impl World {
    /// Who was asked for credentials of which provider for which epoch, and has none yet.
    pub(crate) fn wanted_credentials(&self) -> Vec<(String, String, Option<u64>)> {
        let asked = self.asked.iter().filter_map(|ask| match ask {
            Ask::Credentials {
                participant,
                epoch,
                provider,
            } => Some((
                participant.0.clone(),
                provider.0.clone(),
                epoch.map(|epoch| epoch.0),
            )),
            Ask::Token(_) | Ask::IceServers(_) | Ask::EndRoom(_) => None,
        });
        asked.collect()
    }

    /// The shell makes all the credentials that it was asked for; they end after this.
    pub(crate) fn give(&mut self, lasts: u64) {
        let ends = self.now + Millis(lasts);
        self.answer_asks(|provider, epoch| Credentials::Given {
            credentials: json!({"token": format!("{provider} {epoch:?}")}),
            expires_at: Some(ends),
        });
    }

    /// The shell can make none of the credentials that it was asked for.
    pub(crate) fn refuse(&mut self) {
        self.answer_asks(|_, _| Credentials::Refused {
            why: "no answer came in time".to_owned(),
        });
    }

    fn answer_asks(&mut self, what: impl Fn(&ProviderName, Option<Epoch>) -> Credentials) {
        for ask in std::mem::take(&mut self.asked) {
            if let Ask::Credentials {
                participant,
                epoch,
                provider,
            } = ask
            {
                let what = what(&provider, epoch);
                self.handle(Input::Credentials {
                    participant,
                    epoch,
                    provider,
                    what,
                });
            }
        }
    }
}
