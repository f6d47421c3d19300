//! Subscribing: what another session's tracks are like, and which line is sent which of them.

use std::time::{Duration, Instant};

use str0m::media::{MediaKind, Mid};

use crate::api::{Answer, Track, TrackAnswer, Tracks, Trouble};
use crate::session::Link;
use crate::sfu::{SessionId, Sfu};

/// A track from which a packet came within this time is sending.
pub const SENDING: Duration = Duration::from_secs(2);

/// What a publisher's name leads to.
#[derive(Debug)]
pub(crate) enum Source {
    /// To nothing.
    Missing,
    /// To a track that sends nothing now.
    Silent,
    /// To one that sends this.
    Sending(MediaKind),
}

/// A track that is sending.
struct Found {
    from: SessionId,
    name: String,
    kind: MediaKind,
}

impl Sfu {
    /// What a track of another session is like now.
    pub(crate) fn source(&mut self, from: SessionId, name: &str, now: Instant) -> Source {
        let Some(session) = self.sessions.get_mut(&from) else {
            return Source::Missing;
        };
        let connected = session.link == Link::Connected;
        let Some(track) = session.published(name).filter(|_| connected) else {
            return Source::Missing;
        };
        let sending = |at: Instant| now.saturating_duration_since(at) < SENDING;
        let (line, sends) = (track.mid, track.heard.is_some_and(sending));
        match session.rtc.media(line) {
            None => Source::Missing,
            Some(media) if sends => Source::Sending(media.kind()),
            Some(_) => Source::Silent,
        }
    }

    /// Where each track comes from, or what is wrong with it; nothing when it must be waited for.
    fn sources(
        &mut self,
        tracks: &[Track],
        last: bool,
        now: Instant,
    ) -> Option<Vec<Result<Found, Trouble>>> {
        let mut found = Vec::new();
        for track in tracks {
            let Some(from) = track.session_id.as_deref().and_then(SessionId::parse) else {
                found.push(Err(missing()));
                continue;
            };
            let name = track.track_name.clone().unwrap_or_default();
            found.push(match self.source(from, &name, now) {
                Source::Sending(kind) => Ok(Found { from, name, kind }),
                Source::Missing => Err(missing()),
                Source::Silent if last => Err(Trouble::new(
                    "empty_track_error",
                    "no packet of the track came in time: is it muted?",
                )),
                Source::Silent => return None,
            });
        }
        Some(found)
    }

    pub(crate) fn subscribe(
        &mut self,
        id: SessionId,
        tracks: &[Track],
        last: bool,
        now: Instant,
    ) -> Option<Answer> {
        let found = self.sources(tracks, last, now)?;
        let session = self.sessions.get_mut(&id)?;
        let good = found.iter().flatten();
        let kinds: Vec<_> = good.map(|found| (found.kind, found.from)).collect();
        let (mids, offer) = session.offer(&kinds);
        let mut mids = mids.into_iter();
        let mut answers = Vec::new();
        for (track, source) in tracks.iter().zip(found) {
            let mut answer = described(track);
            match source {
                Err(trouble) => answer.trouble = Some(trouble),
                Ok(Found { from, name, kind }) => {
                    let mid = mids.next()?;
                    answer.mid = Some(mid.to_string());
                    let wish = track.simulcast.clone().unwrap_or_default();
                    self.sessions
                        .get_mut(&id)?
                        .pull(mid, (from, name.clone()), kind, wish);
                    self.attach(from, &name, (id, mid));
                }
            }
            answers.push(answer);
        }
        Some(Answer::tracks(answers, offer))
    }

    fn attach(&mut self, from: SessionId, name: &str, who: (SessionId, Mid)) {
        if let Some(track) = self
            .sessions
            .get_mut(&from)
            .and_then(|one| one.published(name))
        {
            track.subscribers.push(who);
        }
    }

    pub(crate) fn update(
        &mut self,
        id: SessionId,
        body: &Tracks,
        last: bool,
        now: Instant,
    ) -> Option<Answer> {
        let found = self.sources(&body.tracks, last, now)?;
        let mut answers = Vec::new();
        for (track, source) in body.tracks.iter().zip(found) {
            let mut answer = described(track);
            answer.mid.clone_from(&track.mid);
            answer.trouble = source
                .and_then(|source| self.redirect(id, track, source))
                .err();
            answers.push(answer);
        }
        Some(Answer::tracks(answers, None))
    }

    /// Lets a line be sent another layer, or another track.
    fn redirect(
        &mut self,
        id: SessionId,
        track: &Track,
        Found { from, name, kind }: Found,
    ) -> Result<(), Trouble> {
        let refuse = |why: &str| Trouble::new("update_track_error", why);
        let layered = self.sessions.get_mut(&from).is_some_and(|publisher| {
            let line = publisher.published(&name).map(|one| one.mid);
            line.is_some_and(|line| publisher.has_layers(line))
        });
        let mid = track.mid.as_deref().map(Mid::from);
        let pulled = mid.and_then(|mid| self.sessions.get_mut(&id)?.pulled(mid));
        let Some(pulled) = pulled else {
            return Err(refuse("mid: nothing is received on this line"));
        };
        let wish = track.simulcast.clone().unwrap_or_default();
        if pulled.source == (from, name.clone()) {
            if !layered {
                return Err(refuse("the track is published without simulcast layers"));
            }
            pulled.forwarder.prefer(wish);
            return Ok(());
        }
        if pulled.forwarder.kind() != kind {
            return Err(refuse(
                "a line that carries audio cannot be given video, nor the reverse",
            ));
        }
        let who = (id, pulled.mid);
        let old = std::mem::replace(&mut pulled.source, (from, name.clone()));
        pulled.forwarder.follow(wish);
        self.unsubscribe(&old, who);
        self.attach(from, &name, who);
        Ok(())
    }
}

fn missing() -> Trouble {
    let why = "no such track is published by that session, or the publisher is not connected";
    Trouble::new("not_found_track_error", why)
}

/// A remote track as it was asked for.
fn described(track: &Track) -> TrackAnswer {
    TrackAnswer {
        session_id: track.session_id.clone(),
        track_name: track.track_name.clone(),
        simulcast: track.simulcast.clone(),
        ..TrackAnswer::default()
    }
}
