//! `make model`: walks through every scenario of `make test`, and further ones as far as it is told.

use std::process::ExitCode;

use samewire_model::scenario::{every, further};
use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// How many steps of each further scenario are taken, unless the first argument says otherwise.
const STEPS: usize = 5_000_000;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let steps = argument.and_then(|text| text.parse().ok()).unwrap_or(STEPS);
    let every = every().into_iter().map(|(scenario, _)| (scenario, 0));
    let further = further().into_iter().map(|scenario| (scenario, steps));
    let (mut states, mut broken) = (0, 0);
    for (scenario, most) in every.chain(further) {
        let name = scenario.name;
        let checker = scenario
            .checker()
            .threads(2)
            .target_state_count(most)
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_dfs()
            .join();
        let here = checker.unique_state_count();
        states += here;
        let end = if most > 0 && checker.state_count() >= most {
            "not all"
        } else {
            "all"
        };
        println!("{here:>9} states, {end}: {name}");
        for (law, path) in checker.discoveries() {
            if checker.model().property(law).expectation == Expectation::Always {
                broken += 1;
                println!("BROKEN: {law}\n{:#?}", path.into_actions());
            }
        }
    }
    println!("{states:>9} states, {broken} broken laws");
    ExitCode::from(u8::from(broken > 0))
}
