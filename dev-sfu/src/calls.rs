//! What each operation of the API does to a session.
//!
//! An operation may have to wait: for the caller's connection, or for the first packet of what it
//! subscribes to. [`Sfu::call`] then answers nothing, and is called again; the last time it must
//! answer. Whoever calls sees to it that operations of one session come one after another.

use std::time::{Duration, Instant};

use serde_json::json;
use str0m::media::Mid;

use crate::api::{
    Answer, Close, DescriptionKind, Location, MOST_TRACKS, Operation, Renegotiate, Track,
    TrackAnswer, Tracks, Trouble, refusal,
};
use crate::pulls::Source;
use crate::session::{Link, Published};
use crate::sfu::{SessionId, Sfu};

/// How long an operation waits.
pub const PATIENCE: Duration = Duration::from_secs(5);

impl Sfu {
    /// Does what is asked of a session, or answers nothing when that must wait. The `last` time it
    /// answers in any case.
    pub fn call(
        &mut self,
        id: SessionId,
        operation: &Operation,
        last: bool,
        now: Instant,
    ) -> Option<Answer> {
        let Some(link) = self.link(id) else {
            return Some(refusal::gone());
        };
        let answer = match operation {
            Operation::Show => Some(self.show(id, now)),
            Operation::Close(close) => Some(self.close(id, close)),
            Operation::Renegotiate(what) => Some(self.renegotiate(id, what)),
            Operation::New(tracks) | Operation::Update(tracks) => match link {
                Link::Connecting if last => Some(refusal::early()),
                Link::Lost(_) if last => Some(refusal::gone()),
                Link::Connecting | Link::Lost(_) => None,
                Link::Fresh | Link::Connected => {
                    if let Operation::New(_) = operation {
                        self.add(id, tracks, last, now)
                    } else {
                        self.update(id, tracks, last, now)
                    }
                }
            },
        };
        self.stirred.insert(id);
        answer
    }

    fn add(&mut self, id: SessionId, body: &Tracks, last: bool, now: Instant) -> Option<Answer> {
        let remote = |track: &&Track| track.location == Location::Remote;
        let pulls = body.tracks.iter().filter(remote).count();
        if body.tracks.len() > MOST_TRACKS {
            return Some(refusal::invalid("one call names at most 64 tracks"));
        }
        if body.tracks.is_empty() && !body.auto_discover {
            return Some(refusal::invalid(
                "name at least one track, or let autoDiscover find them",
            ));
        }
        if self.sessions.get(&id)?.owes_answer() {
            let why = "an offer of the SFU waits for its answer: send that first, to renegotiate";
            return Some(refusal::clash(why));
        }
        if pulls == 0 {
            return Some(self.publish(id, body, now));
        }
        if pulls < body.tracks.len() || body.session_description.is_some() {
            let why = "one call either publishes local tracks with an offer, or subscribes to remote ones \
                       and is sent the SFU's";
            return Some(refusal::invalid(why));
        }
        self.subscribe(id, &body.tracks, last, now)
    }

    fn publish(&mut self, id: SessionId, body: &Tracks, now: Instant) -> Answer {
        let Some(session) = self.sessions.get_mut(&id) else {
            return refusal::gone();
        };
        let Some(offer) = &body.session_description else {
            let why = "local tracks come with the offer that has their lines; this stand-in makes no \
                       offers for them";
            return refusal::invalid(why);
        };
        let answer = match session.answer(offer) {
            Ok(answer) => answer,
            Err(why) => return refusal::clash(&why),
        };
        let mut wanted: Vec<(Option<String>, Option<String>)> = body
            .tracks
            .iter()
            .map(|track| (track.mid.clone(), track.track_name.clone()))
            .collect();
        if body.auto_discover {
            for line in offer
                .sdp
                .lines()
                .filter_map(|line| line.strip_prefix("a=mid:"))
            {
                let mid = Mid::from(line.trim());
                let known = session.published.iter().any(|track| track.mid == mid);
                let named = wanted
                    .iter()
                    .any(|(one, _)| one.as_deref() == Some(line.trim()));
                let sends = session
                    .rtc
                    .media(mid)
                    .is_some_and(|m| m.direction().is_receiving());
                if !known && !named && sends {
                    wanted.push((
                        Some(line.trim().into()),
                        Some(format!("{id}-{}", line.trim())),
                    ));
                }
            }
        }
        let tracks: Vec<TrackAnswer> = wanted
            .into_iter()
            .map(|(mid, name)| {
                let line = mid.as_deref().map(Mid::from);
                let sends = |line: &Mid| {
                    let media = session.rtc.media(*line);
                    media.is_some_and(|media| media.direction().is_receiving())
                };
                let trouble = match (line.filter(sends), &name) {
                    (Some(line), Some(name)) => {
                        session
                            .published
                            .retain(|one| one.mid != line && one.name != *name);
                        session.published.push(Published {
                            name: name.clone(),
                            mid: line,
                            since: now,
                            heard: None,
                            subscribers: Vec::new(),
                        });
                        None
                    }
                    (None, _) => Some("mid: the offer has no line with this mid that sends"),
                    (_, None) => Some("trackName: a published track needs one"),
                };
                TrackAnswer {
                    mid,
                    track_name: name,
                    trouble: trouble.map(|why| Trouble::new("invalid_params", why)),
                    ..TrackAnswer::default()
                }
            })
            .collect();
        Answer::tracks(tracks, Some(answer))
    }

    fn close(&mut self, id: SessionId, body: &Close) -> Answer {
        let Some(session) = self.sessions.get_mut(&id) else {
            return refusal::gone();
        };
        if !body.force && session.owes_answer() {
            let why = "an offer of the SFU waits for its answer: send that first, to renegotiate";
            return refusal::clash(why);
        }
        let mut answers = Vec::new();
        let mut left = Vec::new();
        for track in &body.tracks {
            let mid = Mid::from(track.mid.as_str());
            let before = session.published.len() + session.pulled.len();
            if body.force && session.published.iter().any(|one| one.mid == mid) {
                session.spent.push(mid);
            }
            session.published.retain(|one| one.mid != mid);
            let (gone, kept) = session.pulled.drain(..).partition(|one| one.mid == mid);
            session.pulled = kept;
            left.extend::<Vec<_>>(gone);
            let closed = session.published.len() + session.pulled.len() < before;
            answers.push(TrackAnswer {
                mid: Some(track.mid.clone()),
                trouble: (!closed).then(|| {
                    Trouble::new(
                        "close_track_error",
                        "Track doesn't exist or was already closed",
                    )
                }),
                ..TrackAnswer::default()
            });
        }
        let description = match (&body.session_description, body.force) {
            (Some(offer), false) => match session.answer(offer) {
                Ok(answer) => Ok(Some(answer)),
                Err(why) => Err(refusal::clash(&why)),
            },
            (None, false) => Err(refusal::invalid("closing without force takes an offer")),
            (_, true) => Ok(None),
        };
        for pulled in left {
            self.unsubscribe(&pulled.source, (id, pulled.mid));
        }
        description.map_or_else(
            |refused| refused,
            |description| Answer::tracks(answers, description),
        )
    }

    fn renegotiate(&mut self, id: SessionId, body: &Renegotiate) -> Answer {
        let Some(session) = self.sessions.get_mut(&id) else {
            return refusal::gone();
        };
        let description = &body.session_description;
        if description.kind == DescriptionKind::Offer {
            return match session.answer(description) {
                Ok(answer) => Answer::ok(json!({ "sessionDescription": answer })),
                Err(why) => refusal::clash(&why),
            };
        }
        let accepted = session.accept(description);
        // What was offered and not accepted is not sent.
        let (kept, left): (Vec<_>, Vec<_>) = session
            .pulled
            .drain(..)
            .partition(|pulled| session.rtc.media(pulled.mid).is_some());
        session.pulled = kept;
        for pulled in left {
            self.unsubscribe(&pulled.source, (id, pulled.mid));
        }
        match accepted {
            Ok(()) => Answer::ok(json!({})),
            Err(why) => refusal::clash(&why),
        }
    }

    fn show(&mut self, id: SessionId, now: Instant) -> Answer {
        let Some(session) = self.sessions.get(&id) else {
            return refusal::gone();
        };
        let mut tracks: Vec<_> = session
            .published
            .iter()
            .map(|track| {
                json!({
                    "location": "local",
                    "mid": &*track.mid,
                    "trackName": track.name,
                    "status": "active",
                })
            })
            .collect();
        let pulled: Vec<_> = session
            .pulled
            .iter()
            .map(|pulled| (pulled.mid, pulled.source.clone()))
            .collect();
        for (mid, (from, name)) in pulled {
            let active = !matches!(self.source(from, &name, now), Source::Missing);
            tracks.push(json!({
                "location": "remote",
                "mid": &*mid,
                "sessionId": from.to_string(),
                "trackName": name,
                "status": if active { "active" } else { "inactive" },
            }));
        }
        Answer::ok(json!({ "tracks": tracks, "dataChannels": [] }))
    }
}
