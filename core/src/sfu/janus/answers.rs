//! What an answer to a call means.

use super::machine::{Joined, Stage};
use super::{Answer, Call, Command, Janus, SIGN, Side, Stream};
use crate::protocol::client::Source;
use crate::sfu::incoming::Asked;
use crate::sfu::{CallNumber, Failure, put_number};
use crate::time::Millis;

impl Janus {
    /// A call was answered. What is in flight on no line is late, and nothing.
    pub(super) fn answered(&mut self, now: Millis, number: CallNumber, answer: Answer) {
        let Stage::Open(session) = &mut self.stage else {
            return;
        };
        let lines = [
            &mut session.line,
            &mut session.publisher.line,
            &mut session.subscriber.line,
        ];
        let Some(call) = lines.into_iter().find_map(|line| line.take(number)) else {
            return;
        };
        match (call, answer) {
            (call, Answer::Refused(code)) => self.refused(now, call, code),
            (Call::Create, Answer::Done) => session.created = true,
            (Call::Attach(Side::Publisher), Answer::Done) => {
                session.publisher.stage = Joined::Attached;
            }
            (Call::Attach(Side::Subscriber), Answer::Done) => {
                session.subscriber.stage = Joined::Attached;
            }
            (Call::Join(_), Answer::Done) => session.publisher.stage = Joined::Yes,
            (Call::Publish(placings), Answer::Placed(placed)) => {
                session.publisher.way.negotiated(now);
                for placing in placings {
                    let found = placed.iter().find(|(source, _)| *source == placing.source);
                    let Some((source, mid)) = found else {
                        let words = "Janus did not take what is published";
                        return self.fail(Failure::Other, words);
                    };
                    self.placed(now, *source, mid);
                }
            }
            (Call::Subscribe(asked), Answer::Streams(streams, offered)) => {
                session.subscriber.stage = Joined::Yes;
                session.subscriber.offered = offered;
                self.streams(now, &asked, &streams);
            }
            (Call::More(asked), Answer::Streams(streams, offered)) => {
                session.subscriber.offered |= offered;
                self.streams(now, &asked, &streams);
            }
            (Call::LetGo(_), Answer::Streams(_, offered)) => {
                session.subscriber.offered |= offered;
            }
            (Call::Start, Answer::Done) => session.subscriber.way.negotiated(now),
            (Call::Layers(_), Answer::Done) => {}
            (
                Call::Create
                | Call::Attach(_)
                | Call::Join(_)
                | Call::Publish(_)
                | Call::Subscribe(_)
                | Call::More(_)
                | Call::LetGo(_)
                | Call::Start
                | Call::Layers(_),
                Answer::Done | Answer::Placed(_) | Answer::Streams(..) | Answer::Garbage,
            ) => self.fail(
                Failure::Other,
                "the answer is not what Janus' VideoRoom says: is it Janus, at this address?",
            ),
        }
    }

    fn placed(&mut self, now: Millis, source: Source, mid: &str) {
        let mut reference = self.feed();
        reference.push(SIGN);
        reference.push_str(mid);
        reference.push(SIGN);
        let height = match source {
            Source::Camera => self.media.outgoing.height(source),
            Source::Microphone | Source::Screen | Source::ScreenAudio => 0,
        };
        put_number(&mut reference, height);
        self.media
            .outgoing
            .placed(now, source, String::from(mid), reference);
    }

    fn streams(&mut self, now: Millis, asked: &[Asked], streams: &[Stream]) {
        for Asked { reference, .. } in asked {
            let mut parts = reference.split(SIGN);
            let (feed, feed_mid) = (parts.next(), parts.next());
            let found = streams.iter().find(|stream| {
                Some(stream.feed.as_str()) == feed && Some(stream.feed_mid.as_str()) == feed_mid
            });
            match found {
                Some(stream) => {
                    if self.media.incoming.got(now, reference, stream.mid.clone()) {
                        let mid = stream.mid.clone();
                        self.out.push(Command::Track(reference.clone(), mid));
                    }
                }
                None => self.media.incoming.not_yet(now, reference, false),
            }
        }
    }

    fn refused(&mut self, now: Millis, call: Call, code: u16) {
        match (code, call) {
            (403 | 433, _) => self.fail(
                Failure::Auth,
                "the tokens are not good for this Janus or this room, or no longer",
            ),
            (432, _) => self.fail(Failure::Capacity, "the room is full"),
            (426, _) => self.fail(Failure::Other, "Janus has no such room"),
            (458 | 459, _) => self.fail(Failure::Other, "Janus does not know the session any more"),
            (_, Call::Subscribe(asked) | Call::More(asked)) => {
                let several = asked.len() > 1;
                for one in asked {
                    self.media.incoming.not_yet(now, &one.reference, several);
                }
            }
            // What cannot be changed or given up stays.
            (_, Call::LetGo(_) | Call::Layers(_)) => {}
            (
                _,
                Call::Create | Call::Attach(_) | Call::Join(_) | Call::Publish(_) | Call::Start,
            ) => self.fail(Failure::Other, "Janus refused what was asked"),
        }
    }
}
