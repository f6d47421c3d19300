//! Shells with one mistake each. The core in them is the real one.

use samewire_core::protocol::client::{ClientMessage, Ready};
use samewire_core::protocol::ids::{MessageId, Ordinal};
use samewire_core::session::record::SessionRecord;
use samewire_core::session::{Act, Input, Write};

use crate::table::{Row, Table};
use crate::wire::Who;

/// A mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// None.
    #[default]
    None,
    /// What is said of an old epoch is taken as said of the present one.
    NoFencing,
    /// A late `ready` of an epoch that was given up counts for the one being prepared.
    LateReady,
    /// What is decided is told, and then stored.
    ToldBeforeStored,
    /// An operator's switch begins although one is under way.
    NestedSwitch,
    /// The next ordinal is not stored: whoever comes after an eviction is given one that is taken.
    EqualPoliteness,
    /// The close of any socket of a tab is taken for that of its present one.
    OldCloseEvicts,
    /// The fences of signals are not stored: a resume replays them whatever became of their epoch.
    UnfencedReplay,
    /// What was not acknowledged is not stored: a resume after a crash misses it.
    NothingKept,
    /// The last number of each tab is not stored: what is said again is handled again.
    ForgetsNumbers,
    /// Which epochs were given out is not stored: one that was given up is given out again.
    ForgetsIssued,
    /// The alarm is set once, and not again when it rings.
    AlarmOnce,
    /// A frame that is told is dropped where a socket has one on its way already.
    DropsFrames,
    /// The quorum is not stored: after an eviction nobody is waited for, and the first is enough.
    ForgetsQuorum,
}

impl Mutant {
    /// What becomes of an input on its way to the core.
    pub fn twist_input(self, input: &mut Input, table: &Table) {
        let Some(row) = &table.session else { return };
        let (record, switch) = (&row.value, &row.value.switch);
        let known = |epoch| {
            epoch == record.epoch || switch.as_ref().is_some_and(|switch| switch.epoch == epoch)
        };
        match (self, input) {
            (
                Self::NoFencing | Self::LateReady,
                Input::Received {
                    frame: Ok(frame), ..
                },
            ) => match &mut frame.message {
                ClientMessage::Ready(Ready { epoch }) if !known(*epoch) => {
                    *epoch = switch.as_ref().map_or(record.epoch, |switch| switch.epoch);
                }
                ClientMessage::Failed(failed)
                    if self == Self::NoFencing && !known(failed.epoch) =>
                {
                    failed.epoch = record.epoch;
                    failed.provider = record.provider.clone();
                }
                _ => {}
            },
            (Self::OldCloseEvicts, Input::Closed { socket }) => {
                let tab = Who::parse(socket.as_str()).map(|who| who.tab);
                let of_tab = |row: &&Row<samewire_core::session::record::ParticipantRecord>| {
                    let socket = row.value.socket.as_ref();
                    socket.and_then(|s| Who::parse(s.as_str())).map(|w| w.tab) == tab
                };
                if let Some(row) = table.participants.values().find(of_tab)
                    && let Some(current) = &row.value.socket
                {
                    *socket = current.clone();
                }
            }
            _ => {}
        }
    }

    /// Whether the core is to believe that no switch is under way.
    pub fn hides_switch(self, input: &Input) -> bool {
        self == Self::NestedSwitch
            && matches!(
                input,
                Input::Admin {
                    act: Act::Switch(_),
                    ..
                }
            )
    }

    /// What becomes of a decision on its way to the tables.
    pub fn twist_writes(self, writes: &mut Vec<Write>) {
        for write in writes.iter_mut() {
            match (self, write) {
                (Self::EqualPoliteness, Write::Session(record)) => {
                    record.next_ordinal = Ordinal(1);
                }
                (Self::ForgetsIssued, Write::Session(record)) => forget_issued(record),
                (Self::ForgetsQuorum, Write::Session(record)) => {
                    if let Some(switch) = &mut record.switch {
                        switch.quorum.retain(|_, member| member.ready);
                    }
                }
                (Self::UnfencedReplay, Write::Keep(_, _, kept)) => kept.fence = None,
                (Self::ForgetsNumbers, Write::Cursor(_, cursor)) => cursor.last_id = MessageId(0),
                _ => {}
            }
        }
        if self == Self::NothingKept {
            writes.retain(|write| !matches!(write, Write::Keep(..)));
        }
    }
}

fn forget_issued(record: &mut SessionRecord) {
    record.issued = record
        .switch
        .as_ref()
        .map_or(record.epoch, |switch| switch.epoch);
}
