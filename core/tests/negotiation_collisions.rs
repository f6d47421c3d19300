//! Two peers who renegotiate at once, over a network that delays and reorders, always end agreed.

#[allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    unreachable_pub,
    reason = "a harness may panic: that is a failed test"
)]
mod negotiation_support;

use negotiation_support::{Act, Variant, World};

const COLLISIONS: u32 = 1_000;
const MOST_SEEDS: u64 = 20_000;

/// One run: both act at nearly the same time, three times over.
fn colliding(seed: u64, variant: Variant) -> World {
    let mut world = World::new(seed, variant);
    for round in 0..3 {
        for side in [0, 1] {
            for _ in 0..=world.random().below(2) {
                let at = round * 150 + world.random().below(60);
                let act = match world.random().below(6) {
                    0 => Act::RemoveTrack,
                    1 | 2 => Act::IceFails,
                    _ => Act::AddTrack,
                };
                world.act(at, side, act);
            }
        }
    }
    world
}

fn first_failure(variant: Variant, seeds: u64) -> Option<String> {
    (0..seeds).find_map(|seed| colliding(seed, variant).run().err())
}

#[test]
fn r22_a_thousand_seeded_collisions_all_end_stable_and_agreed() {
    let mut collided = 0;
    for seed in 0..MOST_SEEDS {
        let mut world = colliding(seed, Variant::Right);
        if let Err(wrong) = world.run() {
            panic!("seed {seed}: {wrong}");
        }
        collided += u32::from(world.glares() > 0);
        if collided >= COLLISIONS {
            return;
        }
    }
    panic!("only {collided} of {MOST_SEEDS} runs collided");
}

#[test]
fn r25_what_a_lost_link_swallowed_is_negotiated_anew_and_never_replayed() {
    for seed in 0..2_000 {
        let mut world = colliding(seed, Variant::Right);
        let at = world.random().below(300);
        let lasts = 10 + world.random().below(200);
        world.cut(at, at + lasts);
        if let Err(wrong) = world.run() {
            panic!("seed {seed}: {wrong}");
        }
    }
}

#[test]
fn r10_the_harness_notices_equal_politeness() {
    assert!(first_failure(Variant::BothImpolite, 500).is_some());
    assert!(first_failure(Variant::BothPolite, 500).is_some());
}

#[test]
fn r22_the_harness_notices_a_pending_answer_that_does_not_count_as_stable() {
    assert!(first_failure(Variant::PendingAnswerIsNotStable, 500).is_some());
}

#[test]
fn r23_the_harness_notices_candidates_that_are_not_kept_for_their_description() {
    assert!(first_failure(Variant::CandidatesAreNotKept, 500).is_some());
}

#[test]
fn r24_the_harness_notices_a_restart_that_waits_for_stable_and_never_comes() {
    assert!(first_failure(Variant::RestartsOnlyWhenStable, 500).is_some());
}

#[test]
fn r25_the_harness_notices_losses_that_nobody_was_told_of() {
    let unnoticed = (0..500).all(|seed| {
        let mut world = colliding(seed, Variant::LossIsNotTold);
        let at = world.random().below(300);
        world.cut(at, at + 100);
        world.run().is_ok()
    });
    assert!(!unnoticed);
}
