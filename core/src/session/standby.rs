//! Standby: the next provider is connected before anybody needs it, so that growing takes no time.
//!
//! While a session is peer-to-peer and one participant more would move it to an SFU, everyone connects
//! ICE and DTLS there and publishes nothing. Only what has an adapter is warmed: it can be asked for a
//! room. Moving there uses the standby up; it is released when one more would move the session no
//! longer. What it costs is counted in the session's summary.

use std::collections::BTreeSet;

use super::Life;
use super::decision::Turn;
use super::log::Event;
use super::record::Standby;
use crate::gather::collected;
use crate::protocol::ids::{ParticipantId, ProviderName};
use crate::protocol::server::{Encoded, Leg, ProviderKind, ServerMessage};
use crate::provider::Provider;
use crate::provider::cause::{Cause, Held, wanted};
use crate::time::Millis;

impl Life {
    /// The SFU that one participant more would move the session to.
    fn to_be_warmed<'a>(&self, now: Millis, providers: &'a [Provider]) -> Option<&'a Provider> {
        let record = &self.record;
        let free = match self.held() {
            Held::Free => true,
            Held::Pinned | Held::Stay => false,
        };
        let refused = record.standby_refused_until.is_some_and(|at| at > now);
        if record.kind != ProviderKind::P2p || !free || refused {
            return None;
        }
        // Whoever comes is taken to have what all of these have.
        let common = self.common_drivers()?;
        let wish = self.with_one_more(now, providers, Some(&common), wanted)?;
        let grows = wish.cause == Cause::Grew;
        let target = providers.iter().find(|p| p.name == wish.target && grows)?;
        (target.kind == ProviderKind::Sfu && target.needs_credentials).then_some(target)
    }

    /// What everyone here has a driver for; nothing where nobody is.
    fn common_drivers(&self) -> Option<BTreeSet<ProviderName>> {
        let mut all = self.senders().map(|p| &p.record.drivers);
        let first = all.next()?.clone();
        Some(all.fold(first, |common, has| {
            collected(common.into_iter().filter(|name| has.contains(name)))
        }))
    }

    /// Begins a standby, or lets go of one. While a switch or a recovery is under way it stays.
    pub(super) fn look_at_standby(&mut self, turn: &mut Turn, providers: &[Provider]) {
        let busy = self.record.switch.is_some() || self.record.recovery.is_some();
        if busy && self.record.kind == ProviderKind::P2p {
            return;
        }
        let target = self.to_be_warmed(turn.now, providers);
        let warm = self.record.standby.as_ref().map(|warm| &warm.provider);
        if warm == target.map(|target| &target.name) {
            return;
        }
        self.release_standby(turn);
        if let Some(target) = target {
            self.record.standby = Some(Standby {
                provider: target.name.clone(),
                kind: target.kind,
                since: turn.now,
            });
            self.record.standby_refused_until = None;
            let summary = &mut self.record.summary;
            summary.standbys = summary.standbys.saturating_add(1);
            turn.session_changed = true;
            let provider = target.name.clone();
            turn.log(&self.record, Event::Standby { provider });
            if let Some(message) = self.standby_message() {
                self.tell_all(turn, &message);
            }
        }
    }

    fn standby_message(&self) -> Option<ServerMessage> {
        let warm = self.record.standby.as_ref()?;
        Some(ServerMessage::Standby(self.standby_leg(warm)))
    }

    fn standby_leg(&self, warm: &Standby) -> Leg {
        Leg {
            provider: warm.provider.clone(),
            kind: warm.kind,
            room: self.id.clone(),
            credentials: None,
        }
    }

    /// Tells a newcomer what is on standby.
    pub(super) fn tell_standby(&mut self, turn: &mut Turn, id: &ParticipantId) {
        if let Some(message) = self.standby_message() {
            self.tell(turn, id, Encoded::of(&message), None);
        }
    }

    /// Ends the standby, and counts how long it was.
    pub(super) fn end_standby(&mut self, now: Millis) -> Option<Standby> {
        let warm = self.record.standby.take()?;
        let summary = &mut self.record.summary;
        summary.standby_ms = summary.standby_ms + now.since(warm.since);
        Some(warm)
    }

    /// Lets go of what is on standby.
    fn release_standby(&mut self, turn: &mut Turn) {
        let Some(warm) = self.end_standby(turn.now) else {
            return;
        };
        turn.session_changed = true;
        let message = ServerMessage::StandbyRelease(self.standby_leg(&warm));
        let provider = warm.provider;
        turn.log(&self.record, Event::StandbyReleased { provider });
        self.tell_all(turn, &message);
    }

    /// The session moves: what is on standby there becomes its leg.
    pub(super) fn use_standby(&mut self, now: Millis, to: &ProviderName) {
        let is_warm = |warm: &Standby| warm.provider == *to;
        if self.record.standby.as_ref().is_some_and(is_warm) && self.end_standby(now).is_some() {
            let summary = &mut self.record.summary;
            summary.standbys_used = summary.standbys_used.saturating_add(1);
        }
    }

    /// There is nothing to open it with: it is not asked for again for as long as a switch that was
    /// aborted.
    pub(super) fn standby_refused(&mut self, turn: &mut Turn) {
        self.record.standby_refused_until = Some(turn.now + self.tuning.bar_aborted);
        self.release_standby(turn);
    }

    /// When something may be warmed that is not now, without any new input.
    pub(super) fn standby_moments(&self, providers: &[Provider]) -> impl Iterator<Item = Millis> {
        let record = &self.record;
        let could = record.kind == ProviderKind::P2p
            && record.standby.is_none()
            && providers.iter().any(|p| p.needs_credentials);
        let moments = record.bars.ends().chain(record.standby_refused_until);
        moments.filter(move |_| could)
    }
}
