//! Any inputs in any order: nothing panics, and what must always hold holds.
//!
//! The [`World`] checks after every input that storage and memory agree, that `seq` is +1, that the
//! epoch stays, and that no socket is told anything after its close. Here a second session, restored
//! from storage before each input, must also decide the same: nothing is decided from memory alone
//! (R2).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use proptest::prelude::*;
use samewire_core::protocol::client::ClientFrame;
use samewire_core::protocol::http::{Lock, SessionPatch, SwitchRequest};
use samewire_core::protocol::ids::SocketId;
use samewire_core::session::{Act, Ask, Credentials, Ice, Input, Renewal};
use samewire_core::time::Millis;
use serde_json::{Value, json};
use support::{World, an_sfu_with_credentials, claims};

const PEOPLE: [&str; 4] = ["ana", "ben", "cem", "dee"];

#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Dial(usize),
    Resume(usize, u64),
    Read(usize),
    Ack(usize, u64),
    Say(usize, String),
    Garbage(usize, String),
    Cut(usize),
    LateClose(usize),
    Beat(usize),
    Advance(u64),
    Tick,
    Hibernate,
    Kill(Option<usize>),
    Operate(Act),
    /// Which providers are switched on, and which ejected.
    Registry(u8, u8),
    /// Everyone says that they are ready for whatever is prepared.
    AllReady,
    Renewed(u32, bool),
    /// The shell answers what it was asked for credentials: all of it, or the last twice, with some or none.
    Credentials(bool, bool),
}

/// Any JSON, with names and numbers that mean something in between.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4u64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9]{0,6}".prop_map(Value::from),
        provider().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            Just("type"),
            Just("id"),
            Just("to"),
            Just("epoch"),
            Just("generation"),
            Just("to_generation"),
            Just("payload"),
            Just("tracks"),
            Just("sees"),
            Just("provider"),
            Just("operation"),
            Just("reason"),
            Just("attempt"),
            Just("participant"),
            Just("evidence"),
            Just("score"),
            Just("rating"),
            Just("text"),
            Just("hidden"),
            Just("nonce"),
            Just("ack"),
            Just("elapsed_ms"),
            Just("source"),
            Just("muted"),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..8)
                .prop_map(|map| { map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect() }),
        ]
    })
}

/// Any JSON that says that it is one of our messages.
fn any_message() -> impl Strategy<Value = String> {
    let kind = prop_oneof![
        Just("hello"),
        Just("signal"),
        Just("tracks"),
        Just("connected"),
        Just("ready"),
        Just("failed"),
        Just("suspect"),
        Just("quality"),
        Just("chat"),
        Just("presence"),
        Just("leave"),
        Just("ack"),
        Just("end"),
        Just("probe"),
    ];
    (kind, any_json()).prop_map(|(kind, mut json)| {
        if let Some(object) = json.as_object_mut() {
            object.insert("type".to_owned(), kind.into());
        }
        json.to_string()
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => provider().prop_map(|to| Act::Switch(SwitchRequest { provider: to.into(), reason: None })),
        1 => (any::<bool>(), proptest::option::of(any::<bool>())).prop_map(|(unpin, stay)| {
            let lock = Some(stay.map(|stay| if stay { Lock::Stay } else { Lock::Relay }));
            Act::Patch(SessionPatch { lock, unpin, ..SessionPatch::default() })
        }),
        1 => (1..12u32, any::<bool>()).prop_map(|(n, user)| Act::Remove {
            participant: format!("p{n:03}").as_str().into(), user }),
        1 => Just(Act::End),
    ]
}

fn provider() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("p2p"), Just("janus"), Just("daily"), Just("zoom")]
}

fn frame() -> impl Strategy<Value = String> {
    let epoch = prop_oneof![3 => 1..3u64, 1 => 0..9u64];
    let to = prop_oneof![
        (1..12u32).prop_map(|n| format!("p{n:03}")),
        Just("?".to_owned())
    ];
    prop_oneof![
        (1..9u64, to.clone(), epoch.clone(), 1..4u32, 1..4u32).prop_map(|(id, to, epoch, g, h)| {
            json!({"type": "signal", "id": id, "to": to, "epoch": epoch, "generation": g,
                   "to_generation": h, "payload": {"x": "y".repeat(id as usize * 7_000)}})
        }),
        (epoch.clone(), "[a-c]{0,2}", any::<bool>()).prop_map(|(epoch, id, muted)| {
            json!({"type": "tracks", "epoch": epoch,
                   "tracks": [{"id": id, "source": "camera", "muted": muted}]})
        }),
        (epoch.clone(), to).prop_map(|(epoch, to)| {
            json!({"type": "connected", "epoch": epoch, "elapsed_ms": 1, "sees": [to]})
        }),
        (1..9u64, "[a-c ]{0,3}")
            .prop_map(|(id, text)| json!({"type": "chat", "id": id, "text": text})),
        any::<bool>().prop_map(|hidden| json!({"type": "presence", "hidden": hidden})),
        epoch
            .clone()
            .prop_map(|epoch| json!({"type": "ready", "epoch": epoch})),
        (epoch.clone(), provider(), 0..4usize, 1..4u32).prop_map(
            |(epoch, provider, operation, attempt)| {
                let operation = ["join", "publish", "subscribe", "media"][operation];
                json!({"type": "failed", "epoch": epoch, "provider": provider,
                       "operation": operation, "reason": "ice", "attempt": attempt})
            }
        ),
        (epoch.clone(), provider()).prop_map(
            |(epoch, provider)| json!({"type": "suspect", "epoch": epoch,
                "provider": provider, "evidence": {}})
        ),
        (epoch.clone(), 1..12u32).prop_map(|(epoch, n)| json!({"type": "suspect", "epoch": epoch,
                "participant": format!("p{n:03}"), "evidence": {}})),
        (epoch, 0..120u32).prop_map(|(epoch, score)| json!({"type": "quality", "epoch": epoch,
                "score": score, "rating": "good"})),
        Just(json!({"type": "leave"})),
        Just(json!({"type": "end"})),
        Just(json!({"type": "of_the_future"})),
        Just(json!({"type": "hello", "protocol": 1, "instance": "x", "drivers": []})),
    ]
    .prop_map(|frame| frame.to_string())
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        3 => who.clone().prop_map(Step::Join),
        1 => who.clone().prop_map(Step::Dial),
        3 => (who.clone(), 0..4u64).prop_map(|(who, back)| Step::Resume(who, back)),
        4 => who.clone().prop_map(Step::Read),
        2 => (who.clone(), 0..40u64).prop_map(|(who, ack)| Step::Ack(who, ack)),
        9 => (who.clone(), frame()).prop_map(|(who, frame)| Step::Say(who, frame)),
        2 => (who.clone(), any_message()).prop_map(|(who, text)| Step::Say(who, text)),
        1 => (who.clone(), ".{0,40}").prop_map(|(who, text)| Step::Garbage(who, text)),
        2 => who.clone().prop_map(Step::Cut),
        1 => who.clone().prop_map(Step::LateClose),
        2 => who.clone().prop_map(Step::Beat),
        3 => prop_oneof![Just(0), 1..40_000u64, Just(600_000)].prop_map(Step::Advance),
        3 => Just(Step::Tick),
        2 => Just(Step::Hibernate),
        1 => proptest::option::of(who).prop_map(Step::Kill),
        2 => act().prop_map(Step::Operate),
        1 => (0..8u8, 0..8u8).prop_map(|(on, ejected)| Step::Registry(on, ejected)),
        3 => Just(Step::AllReady),
        1 => (1..12u32, any::<bool>()).prop_map(|(n, ice)| Step::Renewed(n, ice)),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(all, some)| Step::Credentials(all, some)),
    ]
}

/// Feeds a frame, if that socket is open, to the session and to one that was restored just now.
fn feed(world: &mut World, socket: &str, text: &str) {
    let mut restored = world.restored(world.open_sockets());
    let mut before = world.clone();
    let now = world.now;
    let decision = world.raw(socket, text);
    let input = Input::Received {
        socket: SocketId(socket.to_owned()),
        frame: ClientFrame::decode(text),
        mint: before.mint(),
    };
    assert_eq!(restored.handle(now, input), decision, "{text}");
}

/// Feeds an input to the session and to one that was restored just now.
fn feed_input(world: &mut World, input: Input) {
    let mut restored = world.restored(world.open_sockets());
    let now = world.now;
    let decision = world.handle(input.clone());
    assert_eq!(restored.handle(now, input.clone()), decision, "{input:?}");
}

/// The shell's answer to what it was asked for.
fn answer(ask: Ask, some: bool, now: Millis) -> Option<Input> {
    match ask {
        Ask::Credentials {
            participant,
            epoch,
            provider,
        } => Some(Input::Credentials {
            participant,
            epoch,
            provider,
            what: match some {
                true => Credentials::Given {
                    credentials: json!({}),
                    expires_at: Some(now + Millis(90_000)),
                },
                false => Credentials::Refused {
                    why: "full".to_owned(),
                },
            },
        }),
        Ask::IceServers(_) | Ask::Token(_) | Ask::EndRoom(_) => None,
    }
}

fn take(world: &mut World, step: Step) {
    let open = |world: &World, who: usize| {
        let name = PEOPLE.get(who).copied()?;
        let socket = world.tabs.get(name).map(|_| world.socket(name))?;
        world
            .open_sockets()
            .contains(&socket)
            .then_some((name, socket))
    };
    let name = |who: usize| PEOPLE.get(who).copied().unwrap_or("ana");
    match step {
        Step::Join(who) => drop(world.join(name(who))),
        Step::Dial(who) => drop(world.dial(name(who), claims(name(who)))),
        Step::Resume(who, back) => {
            if let Some(mut tab) = world.tabs.get(name(who)).cloned() {
                tab.last_seq = tab.last_seq.saturating_sub(back);
                world.resume_with(name(who), claims(name(who)), tab);
            }
        }
        Step::Read(who) => {
            if world.tabs.contains_key(name(who)) {
                world.heard(name(who));
            }
        }
        Step::Ack(who, ack) => {
            if let Some((_, socket)) = open(world, who) {
                feed(
                    world,
                    &socket,
                    &json!({"type": "ack", "ack": ack}).to_string(),
                );
            }
        }
        Step::Say(who, text) | Step::Garbage(who, text) => {
            if let Some((_, socket)) = open(world, who) {
                feed(world, &socket, &text);
            }
        }
        Step::Cut(who) => {
            if let Some((name, _)) = open(world, who) {
                world.cut(name);
            }
        }
        Step::LateClose(who) => {
            let first = format!("{}#1", name(who));
            if world.wires.contains_key(&first) && !world.open_sockets().contains(&first) {
                world.tick();
                assert_eq!(world.closed(&first), Default::default());
            }
        }
        Step::Beat(who) => {
            if let Some((name, _)) = open(world, who) {
                world.beat(name);
            }
        }
        Step::Advance(span) => world.advance(span),
        Step::Tick => drop(world.tick()),
        Step::Hibernate => world.hibernate(),
        Step::Operate(act) => feed_input(
            world,
            Input::Admin {
                by: "olga".to_owned(),
                act,
            },
        ),
        Step::Registry(on, ejected) => {
            let mut providers = an_sfu_with_credentials();
            for (n, provider) in providers.iter_mut().enumerate() {
                provider.is_active = on >> n & 1 == 1;
                provider.ejected = ejected >> n & 1 == 1;
            }
            world.providers(providers);
        }
        Step::AllReady => {
            if let Some(epoch) = world.snapshot()["switch"]["epoch"].as_u64() {
                for who in 0..PEOPLE.len() {
                    if let Some((_, socket)) = open(world, who) {
                        let ready = json!({"type": "ready", "epoch": epoch});
                        feed(world, &socket, &ready.to_string());
                    }
                }
            }
        }
        Step::Renewed(n, ice) => {
            let participant = format!("p{n:03}").as_str().into();
            let expires_at = world.now + Millis(60_000);
            let what = if ice {
                Renewal::Ice(Ice {
                    servers: Vec::new(),
                    expires_at: Some(expires_at),
                })
            } else {
                Renewal::Token {
                    token: "t".to_owned(),
                    expires_at,
                }
            };
            feed_input(world, Input::Renewed { participant, what });
        }
        Step::Credentials(all, some) => {
            let asked = match all {
                true => std::mem::take(&mut world.asked),
                false => world.asked.last().cloned().into_iter().collect(),
            };
            for ask in asked {
                if let Some(input) = answer(ask, some, world.now) {
                    feed_input(world, input);
                }
            }
        }
        Step::Kill(survivor) => {
            match survivor.and_then(|who| open(world, who)) {
                Some((name, _)) => world.kill_but(&[name]),
                None => world.kill(),
            }
            // When they vanished is stored with the first event.
            world.tick();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_inputs_in_any_order_keep_what_must_always_hold(
        steps in proptest::collection::vec(step(), 0..100)
    ) {
        let mut world = World::with_an_sfu(&[]);
        for step in steps {
            take(&mut world, step);
        }
        // Left alone, everything ends: every deadline rings, and none for ever.
        let mut rings = 0;
        while world.session.poll_timeout().is_some() {
            world.advance_to_next_timer();
            rings += 1;
            prop_assert!(rings < 400, "{:?}", world.snapshot());
        }
        prop_assert_eq!(&world.table, &Default::default());
    }

    #[test]
    fn any_text_is_a_frame_or_an_error(text in ".{0,200}") {
        let _ = ClientFrame::decode(&text);
    }
}
