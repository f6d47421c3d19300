//! Every law in every state, over a million of them.

mod support;

use samewire_model::scenario::every;
use support::walk;

#[test]
fn every_law_holds_in_every_state_of_every_scenario() {
    let mut all = 0;
    for (scenario, at_least) in every() {
        let name = scenario.name;
        let (states, broken) = walk(scenario);
        assert!(broken.is_empty(), "{name}: {broken:#?}");
        assert!(
            states >= at_least,
            "{name}: {states} are fewer than {at_least}"
        );
        all += states;
    }
    println!("{all} states");
    assert!(all >= 1_000_000, "{all} states are fewer than a million");
}
