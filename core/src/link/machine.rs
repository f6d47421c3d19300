//! The machine.

use std::collections::VecDeque;

use super::verdict::{End, Verdict, of_close};
use crate::time::Millis;

/// The first retry comes within this.
pub const FIRST_RETRY: Millis = Millis(250);

/// The back-off doubles up to this.
pub const LONGEST_RETRY: Millis = Millis(5_000);

/// A socket that has not brought a `welcome` by then is given up.
pub const HELLO_DEADLINE: Millis = Millis(10_000);

/// So many unacknowledged frames are acknowledged at once.
pub const ACK_FRAMES: u64 = 32;

/// So many bytes are, too: the server gives up a reader that owes it four times as much.
pub const ACK_BYTES: usize = 64 * 1024;

/// Fewer are acknowledged after so long.
pub const ACK_AFTER: Millis = Millis(5_000);

/// The heartbeat until a `welcome` names another.
pub const PING_AFTER: Millis = Millis(15_000);

/// So many heartbeats without any word from the server, and the socket is dead (R28).
pub const PONGS_MISSED: u64 = 2;

/// What was asked after a nudge or after sleep is answered within this, or the socket is dead; and an
/// attempt to connect that is older when the network comes back was made on the one before.
pub const ANSWER_WITHIN: Millis = Millis(3_000);

/// A random number from outside, 0…1000: how much of the upper half of a delay is waited (R7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jitter(pub u16);

impl Jitter {
    /// Between half of `delay` and all of it.
    fn of(self, delay: Millis) -> Millis {
        Millis(delay.0 / 2) + self.part(Millis(delay.0 / 2))
    }

    /// Between nothing and all of `span`.
    fn part(self, span: Millis) -> Millis {
        let part = u64::from(self.0.min(1_000));
        Millis(span.0.saturating_mul(part) / 1_000)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The socket opened.
    Opened,
    /// A `welcome`.
    Welcomed {
        /// Its sequence number: the new baseline.
        seq: u64,
        /// The last id of ours that arrived.
        last_id: u64,
        /// How often to beat.
        heartbeat: Millis,
    },
    /// Any word from the server, a `pong` too.
    Heard,
    /// The server asks not to come back before so long.
    AskedToWait(Millis),
    /// The socket closed, or could not be opened.
    Closed(u16),
    /// The network is back, or the page is: do not wait any longer.
    Nudged,
    /// The page is about to be frozen or kept for later: the socket closes, and nobody leaves (R28).
    Paused,
    /// The moment of [`Link::poll_timeout`] has come.
    Timeout,
    /// We leave.
    Leave,
}

/// What is to be done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket.
    Connect,
    /// Send `hello`.
    Greet,
    /// Send the bare frame `ping`.
    Ping,
    /// Send `ack` up to here.
    Ack(u64),
    /// Let go of the present socket: remove its handlers, then close it.
    Discard,
    /// The link is down and will come back.
    Down,
    /// The link is over.
    Ended(End),
}

/// Why the link wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// To connect again.
    Retry,
    /// The server has not welcomed us.
    NoWelcome,
    /// Nothing was heard for [`PONGS_MISSED`] heartbeats, or [`ANSWER_WITHIN`] of having asked.
    Silence,
    /// To acknowledge.
    Acknowledge,
    /// To beat.
    Heartbeat,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Asked for a socket; `deadline` is for the welcome.
    Connecting {
        deadline: Millis,
    },
    Open {
        heard: Millis,
        next_ping: Millis,
        ack_at: Option<Millis>,
        /// Until when what was asked is to be answered.
        answer_by: Option<Millis>,
    },
    /// Until the page is back.
    Paused,
    Waiting {
        until: Millis,
        /// The server asked for it, so nothing shortens it.
        asked: bool,
    },
    Over,
}

/// The link. See the [module](super).
#[derive(Debug)]
pub struct Link {
    state: State,
    outputs: VecDeque<Output>,
    heartbeat: Millis,
    retries: u32,
    wait_at_least: Millis,
    last_seq: u64,
    acked: u64,
    unacked_bytes: usize,
    last_id: u64,
}

impl Link {
    /// A link that connects at once.
    pub fn new(now: Millis) -> Self {
        let mut link = Self {
            state: State::Over,
            outputs: VecDeque::new(),
            heartbeat: PING_AFTER,
            retries: 0,
            wait_at_least: Millis(0),
            last_seq: 0,
            acked: 0,
            unacked_bytes: 0,
            last_id: 0,
        };
        link.connect(now);
        link
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Open { .. } => true,
            State::Connecting { .. } | State::Waiting { .. } | State::Paused | State::Over => false,
        }
    }

    /// The last frame handled, for `resume` and for the `ack` that rides on other frames.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// A fresh id for a `signal` or a `chat`.
    pub fn mint_id(&mut self) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.last_id
    }

    /// Whether the frame with this number, of so many bytes, is new; it counts as handled from now on.
    pub fn accept(&mut self, seq: u64, bytes: usize, now: Millis) -> bool {
        let State::Open { ack_at, .. } = &mut self.state else {
            return false;
        };
        if seq <= self.last_seq {
            return false;
        }
        self.last_seq = seq;
        self.unacked_bytes = self.unacked_bytes.saturating_add(bytes);
        ack_at.get_or_insert(now + ACK_AFTER);
        let frames = seq.saturating_sub(self.acked);
        if frames >= ACK_FRAMES || self.unacked_bytes >= ACK_BYTES {
            *ack_at = Some(now);
        }
        true
    }

    /// A frame goes out with `ack`: nothing is owed any more.
    pub fn acknowledged(&mut self) -> u64 {
        self.acked = self.last_seq;
        self.unacked_bytes = 0;
        if let State::Open { ack_at, .. } = &mut self.state {
            *ack_at = None;
        }
        self.last_seq
    }

    /// The next moment to be called, and why.
    pub fn poll_timeout(&self) -> Option<(Millis, Reason)> {
        match self.state {
            State::Connecting { deadline } => Some((deadline, Reason::NoWelcome)),
            State::Waiting { until, .. } => Some((until, Reason::Retry)),
            State::Paused | State::Over => None,
            State::Open {
                heard,
                next_ping,
                ack_at,
                answer_by,
            } => {
                let silent = heard + self.silence();
                let silent = answer_by.map_or(silent, |at| at.min(silent));
                let silence = (silent, Reason::Silence);
                let ping = (next_ping, Reason::Heartbeat);
                let ack = ack_at.map(|at| (at, Reason::Acknowledge));
                [Some(silence), Some(ping), ack].into_iter().flatten().min()
            }
        }
    }

    /// Takes note of what happened. Total: what makes no sense in this state is ignored.
    pub fn handle(&mut self, now: Millis, jitter: Jitter, input: Input) {
        if let State::Over = self.state {
            return;
        }
        match input {
            Input::Opened => {
                if let State::Connecting { .. } = self.state {
                    self.outputs.push_back(Output::Greet);
                }
            }
            Input::Welcomed {
                seq,
                last_id,
                heartbeat,
            } => self.welcomed(now, seq, last_id, heartbeat),
            Input::Heard => {
                if let State::Open {
                    heard, answer_by, ..
                } = &mut self.state
                {
                    *heard = now;
                    *answer_by = None;
                    // A hidden tab's timers are slow and arrivals are not: what is due goes out (R28).
                    self.timeout(now, jitter);
                }
            }
            Input::AskedToWait(span) => self.wait_at_least = span,
            Input::Closed(code) => match of_close(code) {
                Verdict::Stop(end) => self.end(end),
                Verdict::Reconnect => match self.state {
                    State::Connecting { .. } | State::Open { .. } => self.lost(now, jitter),
                    State::Paused | State::Waiting { .. } | State::Over => {}
                },
            },
            Input::Paused => match self.state {
                State::Connecting { .. }
                | State::Open { .. }
                | State::Waiting { asked: false, .. } => {
                    self.state = State::Paused;
                    self.outputs.push_back(Output::Discard);
                    self.outputs.push_back(Output::Down);
                }
                // What the server asked for is kept.
                State::Waiting { .. } | State::Paused | State::Over => {}
            },
            Input::Nudged => self.nudged(now),
            Input::Timeout => self.timeout(now, jitter),
            Input::Leave => self.end(End::Left),
        }
    }

    fn silence(&self) -> Millis {
        Millis(self.heartbeat.0.saturating_mul(PONGS_MISSED))
    }

    fn connect(&mut self, now: Millis) {
        self.state = State::Connecting {
            deadline: now + HELLO_DEADLINE,
        };
        self.outputs.push_back(Output::Connect);
    }

    fn welcomed(&mut self, now: Millis, seq: u64, last_id: u64, heartbeat: Millis) {
        self.heartbeat = Millis(heartbeat.0.max(1));
        self.retries = 0;
        self.wait_at_least = Millis(0);
        self.last_seq = seq;
        self.acked = seq;
        self.unacked_bytes = 0;
        self.last_id = self.last_id.max(last_id);
        self.state = State::Open {
            heard: now,
            next_ping: now + self.heartbeat,
            ack_at: None,
            answer_by: None,
        };
    }

    fn lost(&mut self, now: Millis, jitter: Jitter) {
        let factor = 1_u64.checked_shl(self.retries).unwrap_or(u64::MAX);
        let doubled = FIRST_RETRY.0.saturating_mul(factor).min(LONGEST_RETRY.0);
        self.retries = self.retries.saturating_add(1);
        let asked = core::mem::take(&mut self.wait_at_least);
        let delay = match asked {
            Millis(0) => jitter.of(Millis(doubled)),
            // Up to a fifth later: everyone was asked the same (R7).
            Millis(least) => asked + jitter.part(Millis(least / 5)),
        };
        self.state = State::Waiting {
            until: now + delay,
            asked: asked > Millis(0),
        };
        self.outputs.push_back(Output::Discard);
        self.outputs.push_back(Output::Down);
    }

    fn end(&mut self, end: End) {
        self.state = State::Over;
        self.outputs.push_back(Output::Discard);
        self.outputs.push_back(Output::Ended(end));
    }

    /// R28: beat at once when the page is visible again, and do not wait out a back-off. A socket may
    /// have died with the network it was on, so it has to answer.
    fn nudged(&mut self, now: Millis) {
        match &mut self.state {
            State::Waiting { asked: false, .. } | State::Paused => self.connect(now),
            State::Connecting { deadline } if now + HELLO_DEADLINE >= *deadline + ANSWER_WITHIN => {
                self.connect(now);
            }
            State::Open {
                next_ping,
                answer_by,
                ..
            } => {
                *next_ping = now + self.heartbeat;
                answer_by.get_or_insert(now + ANSWER_WITHIN);
                self.outputs.push_back(Output::Ping);
            }
            State::Waiting { .. } | State::Connecting { .. } | State::Over => {}
        }
    }

    fn timeout(&mut self, now: Millis, jitter: Jitter) {
        let heartbeat = self.heartbeat;
        let silence = self.silence();
        let last_seq = self.last_seq;
        match &mut self.state {
            State::Waiting { until, .. } if now >= *until => self.connect(now),
            State::Connecting { deadline } if now >= *deadline => self.lost(now, jitter),
            State::Open {
                heard,
                next_ping,
                ack_at,
                answer_by,
            } => {
                let unanswered = answer_by.is_some_and(|at| now >= at);
                if unanswered || now >= *heard + silence {
                    // A clock that jumped means sleep (R29): ask once before declaring death.
                    if now.since(*next_ping) > silence {
                        *heard = now;
                        *answer_by = Some(now + ANSWER_WITHIN);
                    } else {
                        return self.lost(now, jitter);
                    }
                }
                if now >= *next_ping {
                    *next_ping = now + heartbeat;
                    self.outputs.push_back(Output::Ping);
                }
                if ack_at.is_some_and(|at| now >= at) {
                    *ack_at = None;
                    self.acked = last_seq;
                    self.unacked_bytes = 0;
                    self.outputs.push_back(Output::Ack(last_seq));
                }
            }
            State::Waiting { .. } | State::Connecting { .. } | State::Paused | State::Over => {}
        }
    }
}
