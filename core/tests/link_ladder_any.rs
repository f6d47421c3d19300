//! Whatever happens to a way, in whatever order, its ladder is climbed rung by rung and settles.

mod ladder_support;

use ladder_support::{DEAD, WELL, watch};
use proptest::prelude::*;
use samewire_core::link::ladder::{
    CHANGES_APART, FRESH, LONGEST, PATIENCE, RELAY, STEADY, WATCHDOG,
};
use samewire_core::link::{Ladder, Line, Look, Remedy, Rung, Sight};
use samewire_core::time::Millis;

#[derive(Clone, Copy, Debug)]
enum Event {
    Look(Look, u64),
    Network,
    Asked,
    Announced,
    Renewed,
}

fn event() -> impl Strategy<Value = Event> {
    let sight = prop_oneof![
        1 => Just(Sight::Whole),
        1 => Just(Sight::Part),
        3 => Just(Sight::Nothing)
    ];
    let line = prop_oneof![
        1 => Just(Line::Coming),
        3 => Just(Line::Up),
        1 => Just(Line::Down),
        1 => Just(Line::Closed)
    ];
    let gap = prop_oneof![10 => 0..2_000_u64, 1 => 0..10_000_000_u64];
    let flag = || prop::bool::weighted(0.8);
    let look = (sight, line, flag(), flag(), flag(), gap).prop_map(
        |(sight, line, here, link, turn, gap)| {
            let look = Look {
                sight,
                line,
                here,
                link,
                turn,
            };
            Event::Look(look, gap)
        },
    );
    prop_oneof![
        20 => look,
        1 => Just(Event::Network),
        1 => Just(Event::Asked),
        1 => Just(Event::Announced),
        1 => Just(Event::Renewed),
    ]
}

/// Which rung a remedy is of.
fn rung(remedy: Remedy) -> Option<Rung> {
    match remedy {
        Remedy::Suspect => None,
        Remedy::Restart => Some(Rung::Restart),
        Remedy::Relay => Some(Rung::Relay),
        Remedy::Fresh => Some(Rung::Fresh),
        Remedy::Report => Some(Rung::Report),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened: the rungs are climbed in order, nothing is asked of whom it cannot reach,
    /// every look is answered in a bounded number of steps, and in the end media that comes is at the
    /// bottom and media that does not is reported.
    #[test]
    fn any_sequence_climbs_in_order_and_settles(events in prop::collection::vec(event(), 0..200)) {
        let mut ladder = Ladder::new(Millis(0));
        let mut now = 0;
        // The last rung taken since the bottom.
        let mut last: Option<Rung> = None;
        for event in events {
            match event {
                Event::Network => ladder.network_changed(Millis(now)),
                Event::Asked => ladder.asked(Millis(now)),
                Event::Announced => ladder.announced(Millis(now)),
                Event::Renewed => { ladder.renewed(Millis(now)); last = ladder.rung(); }
                Event::Look(look, gap) => {
                    now += gap;
                    let mut steps = 0;
                    while let Some(remedy) = ladder.look(Millis(now), look) {
                        steps += 1;
                        prop_assert!(steps <= 3, "it never ends");
                        prop_assert!(look.link, "what cannot be signalled is not tried");
                        let Some(taken) = rung(remedy) else {
                            prop_assert!(look.here, "nobody who is away is suspected");
                            continue;
                        };
                        prop_assert!(look.here || taken != Rung::Fresh);
                        let below: &[Option<Rung>] = match taken {
                            // From anywhere, by a network that changed; else from the bottom.
                            Rung::Restart => &[None, Some(Rung::Restart), last],
                            Rung::Relay => &[Some(Rung::Restart)],
                            Rung::Fresh if look.line == Line::Closed => &[last],
                            Rung::Fresh if look.turn => &[Some(Rung::Relay)],
                            Rung::Fresh => &[Some(Rung::Restart), Some(Rung::Relay)],
                            Rung::Report => &[Some(Rung::Fresh), Some(Rung::Report)],
                        };
                        prop_assert!(below.contains(&last), "{taken:?} after {last:?}");
                        last = Some(taken);
                    }
                }
            }
        }
        let mut well = ladder;
        watch(&mut well, now + 500, now + 500 + CHANGES_APART.0 + 2 * STEADY.0, WELL);
        prop_assert_eq!(well.rung(), None);
        // The longest wait, should a report be waiting already, and its rungs.
        let long = PATIENCE.0 + WATCHDOG.0 + 6_000 + RELAY.wait.0 + FRESH.wait.0 + 3_000;
        let climbed = watch(&mut ladder, now + 500, now + 500 + long.max(LONGEST.0 + 3_000), DEAD);
        prop_assert!(climbed.iter().any(|(_, remedy)| *remedy == Remedy::Report), "{:?}", climbed);
        prop_assert_eq!(ladder.rung(), Some(Rung::Report));
    }
}
