//! The ways to an SFU: [`samewire_core::sfu`] as a module of its own, which is loaded when a session first
//! needs one.
//!
//! **A call of the machine says what happened; `poll` says what to do, as a list of words:** the name of a
//! command, then what it is about. What was heard from elsewhere stands whole in a word of its own. `npm/sfu/`
//! and `npm/drivers/` execute them.
//!
//! In reading order: `words` (commands, to words); the exports are here.

#[cfg(target_arch = "wasm32")]
#[path = "../../src/allocator.rs"]
mod allocator;
mod words;

use samewire_core::protocol::client::Source;
use samewire_core::sfu::cloudflare::{self, Cloudflare, Item};
use samewire_core::sfu::janus::{self, Janus, Side, Stream};
use samewire_core::sfu::{CallNumber, Kind, SOURCES, Transport, Wanted, Wish};
use samewire_core::time::Millis;
use wasm_bindgen::prelude::*;

/// One leg's machine. Times are milliseconds of one clock that does not go back. What is no input of
/// this machine is nothing.
#[wasm_bindgen]
pub struct Machine(Which);

enum Which {
    Cloudflare(Box<Cloudflare>),
    Janus(Box<Janus>),
}

#[wasm_bindgen]
impl Machine {
    /// That of a leg to Cloudflare.
    #[must_use]
    pub fn cloudflare() -> Machine {
        Machine(Which::Cloudflare(Box::default()))
    }

    /// That of a leg to Janus, whose feeds begin with this name.
    #[must_use]
    pub fn janus(name: String) -> Machine {
        Machine(Which::Janus(Box::new(Janus::new(name))))
    }

    /// What is to be done next: a command, and what it is about. Empty when there is nothing.
    pub fn poll(&mut self) -> Vec<String> {
        match &mut self.0 {
            Which::Cloudflare(machine) => machine
                .poll()
                .map(|command| words::of(command, words::to_cloudflare)),
            Which::Janus(machine) => machine
                .poll()
                .map(|command| words::of(command, words::to_janus)),
        }
        .unwrap_or_default()
    }

    /// When `timeout` is to be called; NaN for never.
    #[must_use]
    pub fn timer(&self) -> f64 {
        match &self.0 {
            Which::Cloudflare(machine) => machine.timer(),
            Which::Janus(machine) => machine.timer(),
        }
        .map_or(f64::NAN, |at| at.0 as f64)
    }

    /// There are credentials, or newer ones.
    pub fn credentials(&mut self, now: f64) {
        self.both(
            now,
            cloudflare::Input::Credentials,
            janus::Input::Credentials,
        );
    }

    /// A source is to be sent, live where there is a track.
    pub fn publish(&mut self, now: f64, source: &str, live: bool, height: u32) {
        let wish = |source| Wish::Publish {
            source,
            live,
            height,
        };
        self.wish(now, named(source).map(wish));
    }

    /// A source is sent no more.
    pub fn unpublish(&mut self, now: f64, source: &str) {
        self.wish(now, named(source).map(Wish::Unpublish));
    }

    /// The sender of a source may send, or may not.
    pub fn limit(&mut self, now: f64, source: &str, active: bool) {
        let wish = |source| Wish::Limit(source, active);
        self.wish(now, named(source).map(wish));
    }

    /// Exactly this is wanted: of each how high it is shown, 0 where nobody said, and -1 where it is sound;
    /// and 1 where it is muted.
    pub fn want(&mut self, now: f64, references: Vec<String>, heights: &[f64], muted: &[u8]) {
        let wanted: Vec<Wanted> = references
            .into_iter()
            .zip(heights)
            .zip(muted)
            .map(|((reference, height), muted)| Wanted {
                reference,
                kind: if *height < 0.0 {
                    Kind::Audio
                } else {
                    Kind::Video
                },
                height: *height as u32,
                muted: *muted == 1,
            })
            .collect();
        self.wish(now, Some(Wish::Want(wanted)));
    }

    /// What a peer connection says of itself: its `connectionState`.
    pub fn transport(&mut self, now: f64, begun: u32, publisher: bool, state: &str) {
        let transport = match state {
            "connected" => Transport::Connected,
            "disconnected" => Transport::Disconnected,
            "failed" => Transport::Failed,
            _ => return,
        };
        let side = if publisher {
            Side::Publisher
        } else {
            Side::Subscriber
        };
        self.both(
            now,
            cloudflare::Input::Transport(begun, transport),
            janus::Input::Transport(begun, side, transport),
        );
    }

    /// The socket is open.
    pub fn opened(&mut self, now: f64, begun: u32) {
        self.only_janus(now, janus::Input::Opened(begun));
    }

    /// The socket closed, or the session ended.
    pub fn lost(&mut self, now: f64, begun: u32) {
        self.only_janus(now, janus::Input::Lost(begun));
    }

    /// There is an offer that nobody asked for.
    pub fn offered(&mut self, now: f64, begun: u32) {
        self.only_janus(now, janus::Input::Offered(begun));
    }

    /// A line has this substream now.
    pub fn layered(&mut self, now: f64, begun: u32, line: String, came: u8) {
        self.only_janus(now, janus::Input::Layered(begun, line, came));
    }

    /// A call has made a session, of this name.
    pub fn session(&mut self, now: f64, call: u32, handle: String) {
        self.only_cloudflare(now, call, cloudflare::Answer::Session(handle));
    }

    /// What came of each track of a call: its line, or an empty word.
    pub fn items(
        &mut self,
        now: f64,
        call: u32,
        keys: Vec<String>,
        mids: Vec<String>,
        renegotiate: bool,
    ) {
        let items = keys.into_iter().zip(mids).map(|(key, mid)| Item {
            key,
            mid: (!mid.is_empty()).then_some(mid),
        });
        let answer = cloudflare::Answer::Items(items.collect(), renegotiate);
        self.only_cloudflare(now, call, answer);
    }

    /// On which lines a call has put what is published.
    pub fn placed(&mut self, now: f64, call: u32, sources: Vec<String>, mids: Vec<String>) {
        let pairs = sources.into_iter().zip(mids);
        let placed = pairs.filter_map(|(source, mid)| Some((named(&source)?, mid)));
        let answer = janus::Answer::Placed(placed.collect());
        self.only_janus(now, janus::Input::Answered(CallNumber(call), answer));
    }

    /// What comes: of each line its name, its feed, and its name there.
    pub fn streams(&mut self, now: f64, call: u32, lines: Vec<String>, offered: bool) {
        let streams = lines.chunks(3).filter_map(|words| match words {
            [mid, feed, feed_mid] => Some(Stream {
                mid: mid.clone(),
                feed: feed.clone(),
                feed_mid: feed_mid.clone(),
            }),
            _ => None,
        });
        let answer = janus::Answer::Streams(streams.collect(), offered);
        self.only_janus(now, janus::Input::Answered(CallNumber(call), answer));
    }

    /// A call is done.
    pub fn done(&mut self, now: f64, call: u32) {
        self.answered(now, call, cloudflare::Answer::Done, janus::Answer::Done);
    }

    /// A call was refused: the status, or the code, and for how many milliseconds to wait.
    pub fn refused(&mut self, now: f64, call: u32, code: u16, wait: f64) {
        let of_cloudflare = cloudflare::Answer::Refused(code, wait as u64);
        self.answered(now, call, of_cloudflare, janus::Answer::Refused(code));
    }

    /// Nobody answered a call.
    pub fn silent(&mut self, now: f64, call: u32) {
        self.only_cloudflare(now, call, cloudflare::Answer::Silent);
    }

    /// The answer to a call is none.
    pub fn garbage(&mut self, now: f64, call: u32) {
        self.answered(
            now,
            call,
            cloudflare::Answer::Garbage,
            janus::Answer::Garbage,
        );
    }

    /// All anew.
    pub fn restart(&mut self, now: f64) {
        self.both(now, cloudflare::Input::Restart, janus::Input::Restart);
    }

    /// The end.
    pub fn close(&mut self, now: f64) {
        self.both(now, cloudflare::Input::Close, janus::Input::Close);
    }

    /// The time that `timer` told has come.
    pub fn timeout(&mut self, now: f64) {
        self.both(now, cloudflare::Input::Timeout, janus::Input::Timeout);
    }
}

impl Machine {
    fn wish(&mut self, now: f64, wish: Option<Wish>) {
        let Some(wish) = wish else {
            return;
        };
        match &mut self.0 {
            Which::Cloudflare(machine) => {
                machine.handle(millis(now), cloudflare::Input::Wish(wish));
            }
            Which::Janus(machine) => machine.handle(millis(now), janus::Input::Wish(wish)),
        }
    }

    fn both(&mut self, now: f64, of_cloudflare: cloudflare::Input, of_janus: janus::Input) {
        match &mut self.0 {
            Which::Cloudflare(machine) => machine.handle(millis(now), of_cloudflare),
            Which::Janus(machine) => machine.handle(millis(now), of_janus),
        }
    }

    fn answered(
        &mut self,
        now: f64,
        call: u32,
        of_cloudflare: cloudflare::Answer,
        of_janus: janus::Answer,
    ) {
        let call = CallNumber(call);
        self.both(
            now,
            cloudflare::Input::Answered(call, of_cloudflare),
            janus::Input::Answered(call, of_janus),
        );
    }

    fn only_cloudflare(&mut self, now: f64, call: u32, answer: cloudflare::Answer) {
        if let Which::Cloudflare(machine) = &mut self.0 {
            let input = cloudflare::Input::Answered(CallNumber(call), answer);
            machine.handle(millis(now), input);
        }
    }

    fn only_janus(&mut self, now: f64, input: janus::Input) {
        if let Which::Janus(machine) = &mut self.0 {
            machine.handle(millis(now), input);
        }
    }
}

fn named(name: &str) -> Option<Source> {
    SOURCES
        .into_iter()
        .find(|source| samewire_core::sfu::source_name(*source) == name)
}

fn millis(milliseconds: f64) -> Millis {
    Millis(milliseconds as u64)
}
