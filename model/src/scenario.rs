//! Who is there, and how much of each kind of trouble may happen to them.

use samewire_core::protocol::server::ProviderKind;
use samewire_core::provider::Provider;
use samewire_core::session::{SameUser, Settings};
use samewire_core::tuning::Tuning;

use crate::Mutant;
use crate::wire::PROVIDERS;

/// What a checker walks through.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, for what is printed.
    pub name: &'static str,
    /// How many tabs there are.
    pub tabs: u8,
    /// How many of them are in the session when it begins, all connected.
    pub inside: u8,
    /// Whether the SFU has an adapter: then it has credentials, and can be on standby.
    pub adapter: bool,
    /// How often each thing may still happen.
    pub budget: Budget,
    /// The shell around the core.
    pub mutant: Mutant,
}

/// How often each thing may still happen. What is not here happens as often as it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// An operator switches to another provider.
    pub switches: u8,
    /// The registry switches a provider off, or on again.
    pub toggles: u8,
    /// Tabs that are not inside come.
    pub arrivals: u8,
    /// A tab's network goes.
    pub cuts: u8,
    /// A page is loaded again and has forgotten everything.
    pub reloads: u8,
    /// A tab leaves.
    pub leaves: u8,
    /// A tab says that it cannot reach the prepared leg.
    pub refusals: u8,
    /// The shell cannot make somebody's credentials.
    pub denials: u8,
    /// A tab says that the committed leg failed.
    pub complaints: u8,
    /// A tab says that its media flows.
    pub connections: u8,
    /// A line of chat is said.
    pub chats: u8,
    /// A signal is sent.
    pub signals: u8,
    /// The alarm rings, when it is due.
    pub rings: u8,
    /// … long after it was due.
    pub late_rings: u8,
    /// … though it is not due.
    pub early_rings: u8,
    /// The object is evicted between two events; sockets live on.
    pub evictions: u8,
    /// The object dies, before or after any of its outputs, and all sockets with it.
    pub deaths: u8,
}

impl Scenario {
    /// People in a session, to whom nothing happens yet.
    pub fn of(name: &'static str, tabs: u8, inside: u8) -> Self {
        Self {
            name,
            tabs,
            inside,
            adapter: false,
            budget: Budget::default(),
            mutant: Mutant::None,
        }
    }

    /// With these budgets.
    pub fn with(mut self, change: impl FnOnce(&mut Budget)) -> Self {
        change(&mut self.budget);
        self
    }

    /// With an adapter for the SFU.
    pub const fn with_an_adapter(mut self) -> Self {
        self.adapter = true;
        self
    }

    /// In this shell.
    pub const fn in_shell(mut self, mutant: Mutant) -> Self {
        self.mutant = mutant;
        self
    }
}

/// What the object is configured with, when these of [`PROVIDERS`] are switched on, and the SFU has an
/// adapter or none.
pub fn settings(active: [bool; 3], adapter: bool) -> Settings {
    let kinds = [ProviderKind::P2p, ProviderKind::Sfu, ProviderKind::Vendor];
    let providers = (0..PROVIDERS.len())
        .map(|i| Provider {
            name: PROVIDERS[i].into(),
            kind: kinds[i],
            priority: i as u32 + 1,
            is_active: active[i],
            needs_credentials: adapter && kinds[i] == ProviderKind::Sfu,
            ..Provider::p2p()
        })
        .collect();
    // With an adapter two are on standby, which keeps the states few.
    let p2p_participant_limit = if adapter { 2 } else { 3 };
    Settings {
        providers,
        tuning: Tuning {
            p2p_participant_limit,
            ..Tuning::default()
        },
        same_user: SameUser::Allow,
    }
}

/// What `make test` walks through to the end, each with the number of its states at least.
pub fn every() -> Vec<(Scenario, usize)> {
    let of = Scenario::of;
    vec![
        (
            of("two switch, one is cut off, an alarm", 2, 2)
                .with(|b| (b.switches, b.cuts, b.rings) = (1, 1, 1)),
            128_000,
        ),
        (
            of("two switch, the object dies", 2, 2).with(|b| (b.switches, b.deaths) = (1, 1)),
            50_000,
        ),
        (
            of("three switch, an alarm", 3, 3).with(|b| (b.switches, b.rings) = (1, 1)),
            8_000,
        ),
        (
            of("a fourth is too many for p2p", 4, 3).with(|b| (b.arrivals, b.rings) = (1, 1)),
            70_000,
        ),
        (
            of("three, the provider fails", 3, 3)
                .with(|b| (b.complaints, b.connections, b.rings) = (2, 1, 1)),
            25_000,
        ),
        (
            of("two, the provider fails while they switch", 2, 2)
                .with(|b| (b.complaints, b.toggles, b.switches, b.refusals) = (2, 1, 1, 1)),
            300_000,
        ),
        (
            of("two chat, one is cut off, one is loaded again", 2, 2)
                .with(|b| (b.chats, b.cuts, b.reloads) = (1, 1, 1)),
            70_000,
        ),
        (
            of("two chat, the object dies", 2, 2).with(|b| (b.chats, b.deaths) = (1, 1)),
            3_000,
        ),
        (
            of("two negotiate, the provider fails", 2, 2)
                .with(|b| (b.signals, b.cuts, b.complaints, b.evictions) = (1, 1, 1, 1)),
            60_000,
        ),
        (
            of("two switch, the alarm is late and comes twice", 2, 2)
                .with(|b| (b.switches, b.cuts, b.late_rings, b.early_rings) = (1, 1, 1, 1)),
            200_000,
        ),
        (
            of("one comes and one leaves during a switch", 3, 2)
                .with(|b| (b.arrivals, b.leaves, b.switches) = (1, 1, 1)),
            78_000,
        ),
        (
            of(
                "a second comes and goes, and the SFU is warm meanwhile",
                2,
                1,
            )
            .with(|b| (b.arrivals, b.leaves, b.denials, b.cuts) = (1, 1, 1, 1))
            .with_an_adapter(),
            230_000,
        ),
        (
            of("a second comes, the SFU is warmed, the object dies", 2, 1)
                .with(|b| (b.arrivals, b.deaths) = (1, 1))
                .with_an_adapter(),
            41_000,
        ),
        (
            of("old sockets and new ones", 2, 1)
                .with(|b| (b.arrivals, b.cuts, b.evictions) = (1, 2, 1)),
            60_000,
        ),
    ]
}

/// What `make model` walks through beside that, as far as it is told to.
pub fn further() -> Vec<Scenario> {
    let of = Scenario::of;
    vec![
        of("two chat, one is cut off, the object dies", 2, 2)
            .with(|b| (b.chats, b.cuts, b.deaths) = (1, 1, 1)),
        of("three switch, one cannot, two alarms", 3, 3)
            .with(|b| (b.switches, b.refusals, b.rings) = (1, 1, 2)),
        of("two switch, one cannot, the object dies, an alarm", 2, 2)
            .with(|b| (b.switches, b.refusals, b.deaths, b.rings) = (1, 1, 1, 1)),
        of("all providers fail", 2, 2).with(|b| (b.complaints, b.connections, b.rings) = (4, 1, 2)),
        of("a fourth comes, the object dies", 4, 3).with(|b| (b.arrivals, b.deaths) = (1, 1)),
        of("four, two are cut off, an operator switches", 4, 4)
            .with(|b| (b.switches, b.cuts, b.rings) = (1, 2, 1)),
        of("two, and the object dies twice", 2, 2)
            .with(|b| (b.chats, b.deaths, b.switches) = (1, 2, 1)),
        of("a third uses up what is on standby, one is denied", 3, 2)
            .with(|b| (b.arrivals, b.leaves, b.denials) = (1, 1, 1))
            .with_an_adapter(),
        of(
            "two switch to an SFU with an adapter, the object dies",
            2,
            2,
        )
        .with(|b| (b.switches, b.denials, b.deaths, b.rings) = (1, 1, 1, 1))
        .with_an_adapter(),
        of("a resume of everything", 2, 2).with(|b| {
            (b.chats, b.signals, b.cuts, b.evictions) = (1, 1, 2, 1);
            (b.reloads, b.switches) = (1, 1);
        }),
    ]
}
