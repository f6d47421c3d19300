//! Any inputs in any order: nothing panics, and what must always hold holds.
//!
//! The [`World`] checks after every input that storage and memory agree, that `seq` is +1, that the
//! epoch stays, and that no socket is told anything after its close. Here a second session, restored
//! from storage before each input, must also decide the same: nothing is decided from memory alone
//! (R2).

mod support;

use proptest::prelude::*;
use samewire_core::protocol::client::ClientFrame;
use samewire_core::protocol::ids::SocketId;
use samewire_core::session::Input;
use serde_json::json;
use support::{World, claims};

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
}

fn frame() -> impl Strategy<Value = String> {
    let epoch = 0..3u64;
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
        epoch.prop_map(|epoch| json!({"type": "ready", "epoch": epoch})),
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
        1 => (who.clone(), ".{0,40}").prop_map(|(who, text)| Step::Garbage(who, text)),
        2 => who.clone().prop_map(Step::Cut),
        1 => who.clone().prop_map(Step::LateClose),
        2 => who.clone().prop_map(Step::Beat),
        3 => prop_oneof![Just(0), 1..40_000u64, Just(600_000)].prop_map(Step::Advance),
        3 => Just(Step::Tick),
        2 => Just(Step::Hibernate),
        1 => proptest::option::of(who).prop_map(Step::Kill),
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
        steps in proptest::collection::vec(step(), 0..80)
    ) {
        let mut world = World::new();
        for step in steps {
            take(&mut world, step);
        }
        // Left alone, everything ends: every deadline rings, and none for ever.
        let mut rings = 0;
        while world.session.poll_timeout().is_some() {
            world.advance_to_next_timer();
            rings += 1;
            prop_assert!(rings < 40, "{:?}", world.snapshot());
        }
        prop_assert_eq!(&world.table, &Default::default());
    }

    #[test]
    fn any_text_is_a_frame_or_an_error(text in ".{0,200}") {
        let _ = ClientFrame::decode(&text);
    }
}
