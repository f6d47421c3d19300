//! Rooms on SFUs, and what opens them to participants.
//!
//! Events run while a room is being made, so what is signed then is handed back as an event of its own:
//! the session knows whether anybody still waits for it (R4).

use std::collections::BTreeMap;
use std::rc::Rc;

use samewire_core::protocol::ids::{Epoch, ParticipantId, ProviderName};
use samewire_core::session::{Ask, Credentials, Input, Session};

use super::inner::Inner;
use crate::platform;
use crate::sfu::{Bearer, Unable};

/// Who waits for credentials, and for which epoch.
type Waiting = Vec<(ParticipantId, Option<Epoch>)>;

impl Inner {
    /// Finds out all that a decision asks for. A provider's room is made once for all who wait for it.
    pub(super) fn find_out(self: &Rc<Self>, asks: Vec<Ask>) {
        let mut waiting: BTreeMap<ProviderName, Waiting> = BTreeMap::new();
        for ask in asks {
            match ask {
                Ask::Token(_) | Ask::IceServers(_) => self.renew(ask),
                Ask::EndRoom(provider) => self.end_room(&provider),
                Ask::Credentials {
                    participant,
                    epoch,
                    provider,
                } => waiting
                    .entry(provider)
                    .or_default()
                    .push((participant, epoch)),
            }
        }
        for (provider, waiting) in waiting {
            self.open_room(provider, waiting);
        }
    }

    fn open_room(self: &Rc<Self>, provider: ProviderName, waiting: Waiting) {
        let Ok(config) = self.config() else { return };
        let session = self.session.borrow();
        let Some((room, people)) = session.as_ref().map(|s| (s.id().clone(), s.most_people()))
        else {
            return;
        };
        drop(session);
        let Some(adapter) = config.sfus.of(provider.as_str()) else {
            let unable = Unable("there is no adapter of this name".to_owned());
            return self.hand_over(&provider, waiting, Err(unable));
        };
        match adapter.make_room(room, people) {
            None => self.hand_over(&provider, waiting, Ok(())),
            Some(made) => {
                let inner = Rc::clone(self);
                self.state.wait_until(async move {
                    let made = made.await;
                    inner.hand_over(&provider, waiting, made);
                    inner.settle().await;
                });
            }
        }
    }

    /// Signs for everyone who waits, or says why there is nothing to be opened.
    fn hand_over(
        self: &Rc<Self>,
        provider: &ProviderName,
        waiting: Waiting,
        made: Result<(), Unable>,
    ) {
        if let Err(error) = &made {
            tracing::warn!(%error, %provider, "a room could not be made");
        }
        for (participant, epoch) in waiting {
            let signed = made.clone().map(|()| self.sign(provider, &participant));
            let what = match signed {
                // The life that it was for is over.
                Ok(None) => continue,
                Ok(Some(Ok(credentials))) => credentials,
                Ok(Some(Err(Unable(why)))) | Err(Unable(why)) => Credentials::Refused { why },
            };
            let input = Input::Credentials {
                participant,
                epoch,
                provider: provider.clone(),
                what,
            };
            if let Err(error) = self.run(input) {
                tracing::error!(%error, "credentials could not be handed over");
            }
        }
    }

    fn sign(
        &self,
        provider: &ProviderName,
        participant: &ParticipantId,
    ) -> Option<Result<Credentials, Unable>> {
        let adapter = self.config().ok()?.sfus.of(provider.as_str())?;
        let session = self.session.borrow();
        let session = session.as_ref()?;
        let bearer = Bearer {
            session: session.id().clone(),
            incarnation: session.incarnation()?.clone(),
            participant: participant.clone(),
        };
        let signed = adapter.sign(&bearer, platform::now());
        Some(signed.map(|signed| Credentials::Given {
            credentials: signed.credentials,
            expires_at: Some(signed.expires_at),
        }))
    }

    /// Lets go of the session's room, unless a life that began meanwhile needs it.
    fn end_room(self: &Rc<Self>, provider: &ProviderName) {
        let Ok(config) = self.config() else { return };
        let id = self.session.borrow().as_ref().map(Session::id).cloned();
        let room = id.zip(config.sfus.of(provider.as_str()));
        let Some(ended) = room.and_then(|(id, adapter)| adapter.end_room(id)) else {
            return;
        };
        let (inner, provider) = (Rc::clone(self), provider.clone());
        self.state.wait_until(async move {
            if inner.uses(&provider) {
                return;
            }
            if let Err(error) = ended.await {
                tracing::warn!(%error, %provider, "a room could not be ended");
            }
        });
    }

    /// Whether the life that is going on may have a room there.
    fn uses(&self, provider: &ProviderName) -> bool {
        let session = self.session.borrow();
        session.as_ref().is_some_and(|s| s.has_room_on(provider))
    }
}
