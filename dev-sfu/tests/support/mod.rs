//! The SFU with browsers around it, and a network and a clock between them that a test moves.
//!
//! The browsers are str0m too, in the other role: they offer, gather nothing, check, and are given
//! RTP to send.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use samewire_dev_sfu::api::{Answer, Operation};
use samewire_dev_sfu::calls::PATIENCE;
use samewire_dev_sfu::sfu::{SessionId, Sfu};
use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequest, MediaKind, Mid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

const STEP: Duration = Duration::from_millis(5);

/// A browser with one session.
pub(crate) struct Browser {
    pub(crate) session: SessionId,
    pub(crate) rtc: Rtc,
    address: SocketAddr,
    /// Whether its packets arrive.
    pub(crate) online: bool,
    deadline: Instant,
    pub(crate) received: Vec<(Mid, RtpPacket)>,
    pub(crate) asked: Vec<KeyframeRequest>,
    sequence: u64,
}

impl Browser {
    /// What it sends now.
    fn says(&mut self) -> Vec<Transmit> {
        let mut packets = Vec::new();
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => break self.deadline = at,
                Output::Transmit(packet) => packets.push(packet),
                Output::Event(Event::RtpPacket(packet)) => {
                    let ssrc = packet.header.ssrc;
                    let mid = self.rtc.direct_api().stream_rx(&ssrc).unwrap().mid();
                    self.received.push((mid, packet));
                }
                Output::Event(Event::KeyframeRequest(asked)) => self.asked.push(asked),
                Output::Event(_) => {}
            }
        }
        packets.retain(|_| self.online);
        packets
    }

    /// What it sends when this comes.
    fn hears(&mut self, packet: &Transmit, now: Instant) -> Vec<Transmit> {
        if !self.online {
            return Vec::new();
        }
        let (from, to) = (packet.source, packet.destination);
        let receive = Receive::new(Protocol::Udp, from, to, &packet.contents).unwrap();
        self.rtc.handle_input(Input::Receive(now, receive)).unwrap();
        self.says()
    }
}

/// All of it.
pub(crate) struct Lab {
    pub(crate) sfu: Sfu,
    pub(crate) now: Instant,
    pub(crate) browsers: Vec<Browser>,
}

impl Lab {
    pub(crate) fn new(most: Option<usize>) -> Self {
        str0m::crypto::from_feature_flags().install_process_default();
        let now = tokio::time::Instant::now().into_std();
        Self {
            sfu: Sfu::new(vec!["10.0.0.1:4000".parse().unwrap()], most, now),
            now,
            browsers: Vec::new(),
        }
    }

    /// A browser with a session of its own, and its number.
    pub(crate) fn browser(&mut self) -> usize {
        let number = self.browsers.len();
        let session = SessionId(u128::try_from(number + 1).unwrap());
        let created = self.sfu.create(session, self.now);
        assert_eq!(created.status, 201);
        assert_eq!(created.body, json!({ "sessionId": session.to_string() }));
        let address = format!("10.0.1.{}:5000", number + 1).parse().unwrap();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(self.now);
        rtc.add_local_candidate(Candidate::host(address, Protocol::Udp).unwrap());
        self.browsers.push(Browser {
            session,
            rtc,
            address,
            online: true,
            deadline: self.now,
            received: Vec::new(),
            asked: Vec::new(),
            sequence: 1,
        });
        number
    }

    /// Lets so much time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            self.sfu.tick(self.now);
            for browser in &mut self.browsers {
                if browser.deadline <= self.now {
                    browser.rtc.handle_input(Input::Timeout(self.now)).unwrap();
                }
            }
            self.carry();
        }
    }

    /// Carries packets until there are none, one at a time: whoever gets one is heard out.
    fn carry(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for browser in &mut self.browsers {
                for packet in browser.says() {
                    quiet = false;
                    let (from, to) = (packet.source, packet.destination);
                    self.sfu.receive(from, to, &packet.contents, self.now);
                }
            }
            while let Some(packet) = self.sfu.transmit(self.now) {
                let to = |browser: &&mut Browser| browser.address == packet.destination;
                if let Some(browser) = self.browsers.iter_mut().find(to) {
                    quiet = false;
                    for packet in browser.hears(&packet, self.now) {
                        let (from, to) = (packet.source, packet.destination);
                        self.sfu.receive(from, to, &packet.contents, self.now);
                    }
                }
            }
        }
    }

    /// Asks something of a browser's session until it is answered: the answer, and how long it took.
    pub(crate) fn ask(&mut self, who: usize, operation: &Operation) -> (Answer, Duration) {
        let (session, began) = (self.browsers[who].session, self.now);
        loop {
            let waited = self.now - began;
            let last = waited >= PATIENCE;
            if let Some(answer) = self.sfu.call(session, operation, last, self.now) {
                self.carry();
                return (answer, waited);
            }
            self.pass(STEP);
        }
    }

    /// Offers to publish such tracks, by these names; the mids. The answer is not taken yet.
    pub(crate) fn offer(&mut self, who: usize, tracks: &[(&str, MediaKind)]) -> Offered {
        let mut changes = self.browsers[who].rtc.sdp_api();
        let mids: Vec<Mid> = tracks
            .iter()
            .map(|(name, kind)| {
                let layers = name.starts_with("layered").then(|| Simulcast {
                    send: ["a", "b"].map(SimulcastLayer::new).into(),
                    recv: vec![],
                });
                changes.add_media(*kind, Direction::SendOnly, None, None, layers)
            })
            .collect();
        let (offer, pending) = changes.apply().unwrap();
        let named = mids.iter().zip(tracks).map(|(mid, (name, _))| {
            json!({ "location": "local", "mid": mid.to_string(), "trackName": name })
        });
        let body = json!({
            "sessionDescription": { "type": "offer", "sdp": offer.to_sdp_string() },
            "tracks": named.collect::<Vec<_>>(),
        });
        Offered {
            mids,
            pending,
            body,
        }
    }

    /// Publishes such tracks, and is connected.
    pub(crate) fn publish(&mut self, who: usize, tracks: &[(&str, MediaKind)]) -> Vec<Mid> {
        let offered = self.offer(who, tracks);
        let (answer, _) = self.ask(who, &new(&offered.body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let sdp = answer.body["sessionDescription"]["sdp"].as_str().unwrap();
        let sdp = SdpAnswer::from_sdp_string(sdp).unwrap();
        let rtc = &mut self.browsers[who].rtc;
        rtc.sdp_api().accept_answer(offered.pending, sdp).unwrap();
        self.pass(Duration::from_millis(500));
        offered.mids
    }

    /// A browser that publishes a track, of which something came already; and the track's line.
    pub(crate) fn publisher(&mut self, name: &str, kind: MediaKind) -> (usize, Mid) {
        let who = self.browser();
        let mid = self.publish(who, &[(name, kind)])[0];
        self.stream(who, mid, None, Duration::from_millis(100));
        (who, mid)
    }

    /// Subscribes to tracks, and is connected; the answer of each.
    pub(crate) fn subscribe(&mut self, who: usize, tracks: &[Value]) -> Vec<Value> {
        let (answer, _) = self.ask(who, &new(&json!({ "tracks": tracks })));
        assert_eq!(
            answer.body["requiresImmediateRenegotiation"], true,
            "{}",
            answer.body
        );
        let (answered, _) = self.accept(who, &answer.body);
        assert_eq!(answered.status, 200, "{}", answered.body);
        self.pass(Duration::from_millis(500));
        answer.body["tracks"].as_array().unwrap().clone()
    }

    /// Takes the SFU's offer, and sends it the answer.
    pub(crate) fn accept(&mut self, who: usize, offered: &Value) -> (Answer, Duration) {
        let sdp = offered["sessionDescription"]["sdp"].as_str().unwrap();
        let offer = SdpOffer::from_sdp_string(sdp).unwrap();
        let sdp = self.browsers[who]
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .unwrap();
        self.ask(who, &renegotiate("answer", &sdp.to_sdp_string()))
    }

    /// Names a track that somebody publishes.
    pub(crate) fn remote(&self, from: usize, name: &str) -> Value {
        let session = self.browsers[from].session.to_string();
        json!({ "location": "remote", "sessionId": session, "trackName": name })
    }

    /// Sends a packet on a line: of video one picture, a keyframe or not.
    pub(crate) fn send(&mut self, who: usize, mid: Mid, layer: Option<&str>, keyframe: bool) {
        let now = self.now;
        let browser = &mut self.browsers[who];
        let video = browser.rtc.media(mid).unwrap().kind() == MediaKind::Video;
        let pts = browser.rtc.media(mid).unwrap().remote_pts().to_vec();
        browser.sequence += 1;
        let sequence = browser.sequence;
        let payload = if video {
            // VP8: the start of a partition, a picture id of 15 bits, and whether it is a keyframe.
            let id = u16::try_from(sequence).unwrap().to_be_bytes();
            vec![0x90, 0x80, 0x80 | id[0], id[1], u8::from(!keyframe), 0, 0]
        } else {
            vec![1, 2, 3]
        };
        let mut direct = browser.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, layer.map(Into::into)).unwrap();
        let time = u32::try_from(sequence * 3_000).unwrap();
        stream.write_rtp(RtpWrite::new(pts[0], sequence.into(), time, now, payload));
    }

    /// Sends packets on a line for so long, thirty a second.
    pub(crate) fn stream(&mut self, who: usize, mid: Mid, layer: Option<&str>, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let asked = std::mem::take(&mut self.browsers[who].asked);
            let rid = layer.map(Into::into);
            let mine = asked.iter().any(|one| one.mid == mid && one.rid == rid);
            self.send(who, mid, layer, mine);
            self.pass(Duration::from_millis(33));
        }
    }
}

/// What a browser offers.
pub(crate) struct Offered {
    pub(crate) mids: Vec<Mid>,
    pub(crate) pending: SdpPendingOffer,
    pub(crate) body: Value,
}

/// `POST tracks/new`.
pub(crate) fn new(body: &Value) -> Operation {
    Operation::New(serde_json::from_value(body.clone()).unwrap())
}

/// `PUT tracks/update`.
pub(crate) fn update(body: &Value) -> Operation {
    Operation::Update(serde_json::from_value(body.clone()).unwrap())
}

/// `PUT tracks/close`.
pub(crate) fn close(body: &Value) -> Operation {
    Operation::Close(serde_json::from_value(body.clone()).unwrap())
}

/// `PUT renegotiate`.
pub(crate) fn renegotiate(kind: &str, sdp: &str) -> Operation {
    let body = json!({ "sessionDescription": { "type": kind, "sdp": sdp } });
    Operation::Renegotiate(serde_json::from_value(body).unwrap())
}
