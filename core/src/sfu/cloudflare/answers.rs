//! What an answer to a call means.

use super::machine::{Line, Stage, Tries};
use super::{Answer, Call, Cloudflare, Command, Item, Pushed};
use crate::sfu::incoming::Asked;
use crate::sfu::patience::{BUDGET, LONGEST_FULL, LOOK_BUDGET, pause};
use crate::sfu::{CallNumber, Failure};
use crate::time::Millis;

/// What a refusal is about.
enum Refusal {
    /// Our credentials.
    Auth,
    /// The session, which the server does not know.
    Gone,
    /// The server has too much to do.
    Full,
    /// The server, for the moment.
    Passing,
    /// What was asked.
    Asked,
}

const fn refusal(status: u16) -> Refusal {
    match status {
        401 | 403 => Refusal::Auth,
        410 => Refusal::Gone,
        429 | 503 => Refusal::Full,
        // Not connected yet: the browser knew earlier.
        425 => Refusal::Passing,
        500.. => Refusal::Passing,
        _ => Refusal::Asked,
    }
}

impl Cloudflare {
    /// A call ended. What is not the call in flight is late, and nothing.
    pub(super) fn answered(&mut self, now: Millis, number: CallNumber, answer: Answer) {
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        let Line::Flying {
            number: awaited,
            call,
            tries,
            ..
        } = &session.line
        else {
            return;
        };
        if number != *awaited {
            return;
        }
        let (call, tries) = (call.clone(), *tries);
        session.line = Line::Free;
        match (call, answer) {
            (call, Answer::Refused(status, wait)) => self.refused(now, call, tries, status, wait),
            (call, Answer::Silent) => {
                let words = "the server did not answer in time";
                self.again(now, call, tries, Millis(0), (Failure::Timeout, words));
            }
            (Call::Session, Answer::Session(handle)) if !handle.is_empty() => {
                session.handle = Some(handle);
            }
            (Call::Push(pushed), Answer::Items(items, _)) => self.pushed(now, &pushed, items),
            (Call::Pull(asked), Answer::Items(items, renegotiate)) => {
                self.pulled(now, &asked, items);
                if renegotiate {
                    self.call(now, Call::Renegotiate);
                }
            }
            (Call::Update(_) | Call::Close(_), Answer::Items(..) | Answer::Done)
            | (Call::Renegotiate | Call::Look, Answer::Done) => {}
            (
                Call::Session
                | Call::Push(_)
                | Call::Pull(_)
                | Call::Renegotiate
                | Call::Update(_)
                | Call::Close(_)
                | Call::Look,
                Answer::Session(_) | Answer::Items(..) | Answer::Done | Answer::Garbage,
            ) => self.fail(
                Failure::Other,
                "the server's answer is not what its API says: is it Cloudflare's, at this address?",
            ),
        }
    }

    fn pushed(&mut self, now: Millis, pushed: &[Pushed], items: Vec<Item>) {
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        session.way.negotiated(now);
        let handle = session.handle.clone().unwrap_or_default();
        for push in pushed {
            let item = items.iter().find(|item| item.key == push.name);
            let Some(mid) = item.and_then(|item| item.mid.clone()) else {
                return self.fail(Failure::Other, "the server did not take what is published");
            };
            let mut reference = handle.clone();
            reference.push('/');
            reference.push_str(&push.name);
            self.media.outgoing.placed(now, push.source, mid, reference);
        }
    }

    fn pulled(&mut self, now: Millis, asked: &[Asked], items: Vec<Item>) {
        for Asked { reference, .. } in asked {
            let item = items.iter().find(|item| item.key == *reference);
            match item.and_then(|item| item.mid.clone()) {
                Some(mid) => {
                    if self.media.incoming.got(now, reference, mid.clone()) {
                        self.out.push(Command::Track(reference.clone(), mid));
                    }
                }
                None => self.media.incoming.not_yet(now, reference, false),
            }
        }
    }

    fn refused(&mut self, now: Millis, call: Call, tries: Tries, status: u16, wait: u64) {
        match (refusal(status), call) {
            // What is refused may be another's reference that is none.
            (Refusal::Asked, Call::Pull(asked)) => self.not_yet(now, &asked),
            (Refusal::Auth, Call::Pull(asked)) if status == 403 => self.not_yet(now, &asked),
            (Refusal::Auth, _) => self.fail(
                Failure::Auth,
                "the credentials are not good, or no longer: new ones are needed",
            ),
            (Refusal::Gone, _) => self.fail(Failure::Other, "the server does not know the session"),
            (Refusal::Full, call) => {
                let wait = Millis(wait).min(LONGEST_FULL);
                let failure = (Failure::Capacity, "the server takes no more");
                self.again(now, call, tries, wait, failure);
            }
            (Refusal::Passing, call) => {
                let failure = (Failure::Timeout, "the server had errors again and again");
                self.again(now, call, tries, Millis(0), failure);
            }
            // Whoever looks is told what there is; what cannot be changed or closed stays.
            (Refusal::Asked, Call::Look | Call::Update(_) | Call::Close(_)) => {}
            (Refusal::Asked, Call::Session | Call::Push(_) | Call::Renegotiate) => {
                self.fail(Failure::Other, "the server refused what was asked");
            }
        }
    }

    /// All of a batch are to be asked for one by one; one that was asked for alone, later.
    fn not_yet(&mut self, now: Millis, asked: &[Asked]) {
        let several = asked.len() > 1;
        for one in asked {
            self.media.incoming.not_yet(now, &one.reference, several);
        }
    }

    /// Makes a call again, while there is patience.
    fn again(
        &mut self,
        now: Millis,
        call: Call,
        tries: Tries,
        wait: Millis,
        (failure, words): (Failure, &'static str),
    ) {
        let failures = tries.failures.saturating_add(1);
        let since = tries.since;
        let until = now + pause(failures).max(wait);
        let budget = match call {
            Call::Look => LOOK_BUDGET,
            Call::Session
            | Call::Push(_)
            | Call::Pull(_)
            | Call::Renegotiate
            | Call::Update(_)
            | Call::Close(_) => BUDGET,
        };
        if until.since(since) >= budget {
            return self.fail(failure, words);
        }
        if let Stage::Open(session) = &mut self.stage {
            session.line = Line::Resting {
                call,
                until,
                tries: Tries { since, failures },
            };
        }
    }
}
