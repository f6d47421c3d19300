//! Commands as lists of words: the name of the command, then what it is about.

use samewire_core::sfu::cloudflare::{self, Pushed};
use samewire_core::sfu::incoming::{Asked, Relayered};
use samewire_core::sfu::janus::{self, Placing, Side, substream};
use samewire_core::sfu::{CallNumber, State, put_number, source_name};

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

fn call(call: CallNumber, name: &str, about: Vec<String>) -> Vec<String> {
    let mut list = vec![String::from("call"), number(call.0), String::from(name)];
    list.extend(about);
    list
}

/// A command to the leg of Cloudflare.
pub(crate) fn of_cloudflare(command: cloudflare::Command) -> Vec<String> {
    use cloudflare::Command;
    match command {
        Command::Begin(begun) => vec![String::from("begin"), number(begun)],
        Command::Call(number, what) => {
            let (name, about) = call_of_cloudflare(what);
            call(number, name, about)
        }
        Command::Abort => words(&["abort"]),
        Command::Replace(source) => words(&["replace", source_name(source)]),
        Command::State(told) => state(told),
        Command::Published(source, reference) => {
            words(&["published", source_name(source), &reference])
        }
        Command::Track(reference, mid) => words(&["track", &reference, &mid]),
        Command::End => words(&["end"]),
    }
}

fn call_of_cloudflare(call: cloudflare::Call) -> (&'static str, Vec<String>) {
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

/// A command to the leg of Janus.
pub(crate) fn of_janus(command: janus::Command) -> Vec<String> {
    use janus::Command;
    match command {
        Command::Begin(begun) => vec![String::from("begin"), number(begun)],
        Command::Call(number, what) => {
            let (name, about) = call_of_janus(what);
            call(number, name, about)
        }
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

fn asked(list: Vec<Asked>) -> Vec<String> {
    let mut about = Vec::new();
    for Asked { reference, layer } in list {
        let wanted = layer.map(|layer| number(u32::from(substream(layer))));
        about.extend([reference, wanted.unwrap_or_default()]);
    }
    about
}

fn call_of_janus(call: janus::Call) -> (&'static str, Vec<String>) {
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
