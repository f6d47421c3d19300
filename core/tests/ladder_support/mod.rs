//! Looks at a ladder.

use samewire_core::link::{Ladder, Line, Look, Remedy, Sight};
use samewire_core::time::Millis;

/// Nothing comes, though all is there that it takes.
pub(crate) const DEAD: Look = Look {
    sight: Sight::Nothing,
    line: Line::Up,
    here: true,
    link: true,
    turn: false,
};
/// All of it comes.
pub(crate) const WELL: Look = Look {
    sight: Sight::Whole,
    ..DEAD
};

/// Looks every half second up to and including `until`: what was to be done, and when.
pub(crate) fn watch(ladder: &mut Ladder, from: u64, until: u64, look: Look) -> Vec<(u64, Remedy)> {
    let mut done = Vec::new();
    for at in (from..=until).step_by(500) {
        while let Some(remedy) = ladder.look(Millis(at), look) {
            done.push((at, remedy));
        }
    }
    done
}
