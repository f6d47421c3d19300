//! Making what a decision asks for: tokens, and credentials for TURN (R33, R34).

use std::rc::Rc;

use samewire_core::protocol::ids::ParticipantId;
use samewire_core::session::{Ask, Claims, Input, Renewal, Session};
use samewire_core::time::Millis;

use super::inner::Inner;
use crate::platform;
use crate::token::{self, TokenClaims};
use crate::turn;

/// When credentials are asked for again that could not be made.
const AGAIN: Millis = Millis::from_secs(10);

impl Inner {
    /// Makes what is asked for: at once where nothing has to be waited for, else beside all events,
    /// and then it comes as an event of its own.
    pub(super) fn renew(self: &Rc<Self>, ask: Ask) {
        let (Ask::Token(participant) | Ask::IceServers(participant)) = &ask else {
            return;
        };
        let claims = self
            .session
            .borrow()
            .as_ref()
            .and_then(|session| session.claims_of(participant));
        let (Some(claims), Ok(config)) = (claims, self.config()) else {
            return;
        };
        match ask {
            Ask::Token(participant) => {
                let session = self
                    .session
                    .borrow()
                    .as_ref()
                    .map(|s| Session::id(s).clone());
                let Some(session) = session else { return };
                let claims = TokenClaims::renewal(claims, session, platform::now());
                let what = Renewal::Token {
                    token: token::sign(&config.token_secret, &claims),
                    expires_at: claims.expires_at(),
                };
                self.renewed(participant, what);
            }
            Ask::IceServers(participant) if config.ice_servers.cloudflare.is_empty() => {
                let ice = config.ice_servers.of(&claims.user, platform::now(), None);
                self.renewed(participant, Renewal::Ice(ice));
            }
            Ask::IceServers(participant) => {
                let inner = Rc::clone(self);
                self.state
                    .wait_until(async move { inner.fetch_turn(participant, claims).await });
            }
            Ask::Credentials { .. } | Ask::EndRoom(_) => {}
        }
    }

    async fn fetch_turn(self: Rc<Self>, participant: ParticipantId, claims: Claims) {
        let Ok(config) = self.config() else { return };
        let what = match turn::fetch(&config.ice_servers).await {
            Ok(fetched) => {
                let now = platform::now();
                Renewal::Ice(config.ice_servers.of(&claims.user, now, fetched.as_ref()))
            }
            Err(error) => {
                tracing::warn!(%error, "TURN credentials could not be made");
                Renewal::Failed {
                    again_in: AGAIN,
                    ice: true,
                }
            }
        };
        self.renewed(participant, what);
        self.settle().await;
    }

    fn renewed(self: &Rc<Self>, participant: ParticipantId, what: Renewal) {
        if let Err(error) = self.run(Input::Renewed { participant, what }) {
            tracing::error!(%error, "a renewal could not be handled");
        }
    }
}
