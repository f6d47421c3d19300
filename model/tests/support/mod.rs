//! How the tests walk: in breadth, by two threads at most.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use samewire_model::{Mutant, Scenario, Step};
use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// More than one core may be had, and more than two are nobody's.
pub(crate) const THREADS: usize = 2;

/// Walks through all of a scenario; says how many states it has, and what was broken in them.
pub(crate) fn walk(scenario: Scenario) -> (usize, Vec<(&'static str, Vec<Step>)>) {
    let name = scenario.name;
    let checker = scenario
        .checker()
        .threads(THREADS)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_dfs()
        .join();
    let states = checker.unique_state_count();
    println!(
        "{name}: {states} states, {} steps, {} deep",
        checker.state_count(),
        checker.max_depth()
    );
    let broken = checker.discoveries().into_iter().filter(|(law, _)| {
        let property = checker.model().property(law);
        property.expectation == Expectation::Always
    });
    let broken = broken.map(|(law, path)| (law, path.into_actions()));
    (states, broken.collect())
}

/// That a shell with a mistake is caught by this law, and within how many steps.
pub(crate) fn catches(mutant: Mutant, scenario: Scenario, law: &'static str) {
    let checker = scenario
        .in_shell(mutant)
        .checker()
        .threads(THREADS)
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([law])))
        .spawn_bfs()
        .join();
    let states = checker.unique_state_count();
    let found = checker.discovery(law);
    let path = found.unwrap_or_else(|| panic!("{mutant:?}: \"{law}\" holds in {states} states"));
    let steps = path.into_actions();
    println!(
        "{mutant:?}: {} steps, {states} states: {steps:?}",
        steps.len()
    );
}
