//! Commands as lists of words: the name of the command, then what it is about.

use samewire_core::sfu::cloudflare::{self, Pushed};
use samewire_core::sfu::incoming::{Asked, Relayered};
use samewire_core::sfu::janus::{self, Placing, Side, substream};
use samewire_core::sfu::{CallNumber, Command, State, put_number, source_name};

/// The names of a picture's layers at Cloudflare, which sorts them, from the best.
const RIDS: [&str; 3] = ["a", "b", "c"];

fn words(list: &[&str]) -> Vec<String> {
    list.iter().copied().map(String::from).collect()
}

fn number(number: u32) -> String {
    let mut text = String::new();
    put_number(&mut text, number);
    text
}

fn rid(layer: u8) -> &'static str {
    RIDS.get(usize::from(layer)).copied().unwrap_or("a")
}

fn state(state: State) -> Vec<String> {
    match state {
        State::Connecting => words(&["state", "connecting"]),
        State::Connected => words(&["state", "connected"]),
        State::Failed(failure, message) => words(&["state", "failed", failure.name(), message]),
    }
}

/// A command; `call` names a call and says what it is about.
pub(crate) fn of<Call>(
    command: Command<Call>,
    call: fn(Call) -> (&'static str, Vec<String>),
) -> Vec<String> {
    match command {
        Command::Begin(begun) => vec![String::from("begin"), number(begun)],
        Command::Call(CallNumber(place), what) => {
            let (name, about) = call(what);
            let mut list = vec![String::from("call"), number(place), String::from(name)];
            list.extend(about);
            list
        }
        Command::Abort => words(&["abort"]),
        Command::KeepAlive => words(&["keepAlive"]),
        Command::Replace(source) => words(&["replace", source_name(source)]),
        Command::State(told) => state(told),
        Command::Published(source, reference) => {
            words(&["published", source_name(source), &reference])
        }
        Command::Track(reference, mid) => words(&["track", &reference, &mid]),
        Command::End => words(&["end"]),
    }
}

/// A call of Cloudflare's API.
pub(crate) fn to_cloudflare(call: cloudflare::Call) -> (&'static str, Vec<String>) {
    use cloudflare::Call;
    let mut about = Vec::new();
    let name = match call {
        Call::Session => "session",
        Call::Push(pushed) => {
            for Pushed {
                source,
                name,
                layers,
            } in pushed
            {
                about.extend([String::from(source_name(source)), name]);
                about.push(number(u32::from(layers)));
            }
            "push"
        }
        Call::Pull(asked) => {
            for Asked { reference, layer } in asked {
                about.push(reference);
                about.push(String::from(layer.map_or("", rid)));
            }
            "pull"
        }
        Call::Renegotiate => "renegotiate",
        Call::Update(changed) => {
            for Relayered {
                mid,
                reference,
                layer,
            } in changed
            {
                about.extend([mid, reference, String::from(rid(layer))]);
            }
            "update"
        }
        Call::Close(mids) => {
            about = mids;
            "drop"
        }
        Call::Look => "look",
    };
    (name, about)
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Publisher => "publisher",
        Side::Subscriber => "subscriber",
    }
}

fn asked(list: Vec<Asked>) -> Vec<String> {
    let mut about = Vec::new();
    for Asked { reference, layer } in list {
        let wanted = layer.map(|layer| number(u32::from(substream(layer))));
        about.extend([reference, wanted.unwrap_or_default()]);
    }
    about
}

/// A call of Janus' API.
pub(crate) fn to_janus(call: janus::Call) -> (&'static str, Vec<String>) {
    use janus::Call;
    match call {
        Call::Create => ("create", Vec::new()),
        Call::Attach(which) => ("attach", words(&[side(which)])),
        Call::Join(feed) => ("join", vec![feed]),
        Call::Publish(placings) => {
            let mut about = Vec::new();
            for Placing { source, layers } in placings {
                about.push(String::from(source_name(source)));
                about.push(number(u32::from(layers)));
            }
            ("place", about)
        }
        Call::Subscribe(list) => ("first", asked(list)),
        Call::More(list) => ("more", asked(list)),
        Call::LetGo(mids) => ("letGo", mids),
        Call::Start => ("start", Vec::new()),
        Call::Layers(changed) => {
            let mut about = Vec::new();
            for Relayered { mid, layer, .. } in changed {
                about.extend([mid, number(u32::from(substream(layer)))]);
            }
            ("layers", about)
        }
    }
}
