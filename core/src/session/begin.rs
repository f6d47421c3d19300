//! Beginnings: a life, and a participant in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::arrival::Door;
use super::decision::Turn;
use super::input::{Claims, Mint};
use super::log::{Event, Summary};
use super::look::alternatives;
use super::mailbox::Mailbox;
use super::record::{ParticipantRecord, SecretHash, SessionRecord};
use super::refusal::Refusal;
use super::roster::Participant;
use super::{Life, Settings};
use crate::protocol::client::Hello;
use crate::protocol::http::Lock;
use crate::protocol::ids::{Epoch, Generation, Ordinal, SessionId, TokenId};
use crate::protocol::server::Mode;
use crate::provider::Provider;
use crate::provider::bars::Bars;
use crate::provider::cause::Cause;
use crate::provider::rule::{Demand, choose};
use crate::time::Millis;

impl Life {
    /// Begins a life: the one place that gives a session its first epoch and provider.
    pub(super) fn begin(
        id: &SessionId,
        settings: &Settings,
        claims: &Claims,
        hello: &Hello,
        mint: &Mint,
        turn: &mut Turn,
    ) -> Result<Self, Refusal> {
        let wishes = claims.session.clone().unwrap_or_default();
        let mut record = SessionRecord {
            incarnation: mint.incarnation.clone(),
            epoch: Epoch(1),
            issued: Epoch(1),
            cause: Cause::Began,
            switch: None,
            recovery: None,
            bars: Bars::default(),
            lock: wishes.lock,
            pinned: None,
            providers: wishes.providers,
            switched_at: turn.now,
            heads_changed_at: turn.now,
            quality_moved_at: None,
            paced_until: None,
            rooms: BTreeSet::new(),
            standby: None,
            crowded_since: None,
            standby_refused_until: None,
            summary: Summary::default(),
            provider: Provider::p2p().name,
            kind: Provider::p2p().kind,
            mode: wishes.mode.unwrap_or(Mode::Call),
            title: wishes.title,
            tuning: wishes.tuning,
            p2p_limit: wishes.p2p_limit,
            next_ordinal: Ordinal(1),
            began_at: turn.now,
            empty_since: None,
        };
        let tuning = record.tuning(settings.tuning);
        let demand = Demand {
            now: turn.now,
            people: 1,
            drivers: &[&hello.drivers],
            tuning: &tuning,
            bars: &record.bars,
            relay_only: record.lock == Some(Lock::Relay),
            allowed: record.providers.as_deref(),
        };
        let provider = choose(&settings.providers, demand).map_err(Refusal::NoProvider)?;
        let taken = provider.name.clone();
        let alternatives = alternatives(&settings.providers, demand, &taken);
        let kind = provider.kind;
        record.provider = taken;
        record.kind = kind;
        turn.session_changed = true;
        let event = Event::Began {
            provider: record.provider.clone(),
            provider_kind: kind,
            mode: record.mode,
            title: record.title.clone(),
            lock: record.lock,
        };
        turn.log_choice(&record, record.epoch, event, None, alternatives);
        Ok(Self {
            id: id.clone(),
            record,
            tuning,
            participants: BTreeMap::new(),
            chat: VecDeque::new(),
            next_look: None,
        })
    }

    /// Adds somebody who was not here.
    pub(super) fn add(
        &mut self,
        turn: &mut Turn,
        door: Door<'_>,
        claims: Claims,
        hello: Hello,
        mint: &Mint,
    ) {
        let ordinal = self.record.next_ordinal;
        self.record.next_ordinal = ordinal.next();
        self.record.empty_since = None;
        self.record.heads_changed_at = turn.now;
        let summary = &mut self.record.summary;
        summary.participants = summary.participants.saturating_add(1);
        let here = u32::try_from(self.participants.len()).unwrap_or(u32::MAX);
        summary.peak = summary.peak.max(here.saturating_add(1));
        turn.session_changed = true;
        let mut record = ParticipantRecord {
            id: mint.participant.clone(),
            user: claims.user,
            name: claims.name,
            role: claims.role,
            instance: hello.instance,
            ordinal,
            generation: Generation(1),
            drivers: hello.drivers,
            socket: Some(door.socket.clone()),
            socket_opened: door.opened,
            away_since: None,
            secret: SecretHash::of(&mint.secret),
            previous_secret: None,
            connected: false,
            sees: Default::default(),
            tracks: Vec::new(),
            hidden: false,
            device: hello.device,
            token: TokenId::default(),
            token_expires_at: Millis(0),
            token_lasts: Millis(0),
            renew_token_at: None,
            renew_ice_at: None,
            grants: BTreeMap::new(),
            probed_at: None,
            report: None,
            blind: BTreeMap::new(),
            lost: false,
            moved_for: None,
            earlier_tokens: Vec::new(),
            prepared: None,
            quality: None,
            poor_since: None,
            gap_of: None,
        };
        record.take_token(&claims.token, claims.expires_at, claims.lasts, turn.now);
        let participant = Participant {
            record,
            since: turn.now,
            mailbox: Mailbox::default(),
        };
        self.participants
            .insert(mint.participant.clone(), participant);
    }
}
