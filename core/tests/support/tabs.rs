//! What tabs do. `ana`'s sockets are `ana#1`, `ana#2`, …; her instance is `tab-ana`.

use samewire_core::protocol::http::{SessionPatch, SwitchRequest};
use samewire_core::provider::Provider;
use samewire_core::session::{Act, Answer, Claims, Decision, Input, Refused};
use serde_json::{Value, json};

use super::{Tab, World, claims, hello, types};

impl World {
    pub(crate) fn socket(&self, name: &str) -> String {
        format!("{name}#{}", self.tabs[name].sockets)
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.tabs[name].participant.clone()
    }

    /// Opens the next socket of a tab; says its name.
    pub(crate) fn dial(&mut self, name: &str, claims: Claims) -> String {
        self.tabs.entry(name.to_owned()).or_default().sockets += 1;
        let socket = self.socket(name);
        self.open(&socket, claims);
        socket
    }

    /// A fresh page arrives: `hello` without a resume. Gives the first frame of the answer.
    pub(crate) fn join(&mut self, name: &str) -> Value {
        self.join_with(name, claims(name))
    }

    pub(crate) fn join_with(&mut self, name: &str, claims: Claims) -> Value {
        let socket = self.dial(name, claims);
        self.raw(&socket, &hello(&format!("tab-{name}")).to_string());
        self.first(name)
    }

    /// Comes back with what the tab has kept.
    pub(crate) fn resume(&mut self, name: &str) -> Value {
        self.resume_with(name, claims(name), self.tabs[name].clone())
    }

    pub(crate) fn resume_with(&mut self, name: &str, claims: Claims, with: Tab) -> Value {
        let socket = self.dial(name, claims);
        let mut frame = hello(&format!("tab-{name}"));
        frame["resume"] = json!({
            "participant": with.participant, "incarnation": with.incarnation,
            "secret": with.secret, "last_seq": with.last_seq,
        });
        self.raw(&socket, &frame.to_string());
        self.first(name)
    }

    /// The first frame of a tab's socket, without reading it.
    pub(crate) fn first(&self, name: &str) -> Value {
        let frames = &self.wires[&self.socket(name)].frames;
        frames.first().cloned().unwrap_or(Value::Null)
    }

    /// Everything on the tab's socket that it had not read.
    pub(crate) fn heard(&mut self, name: &str) -> Vec<Value> {
        let socket = self.socket(name);
        let wire = self.wires.get_mut(&socket).unwrap();
        let unread = wire.frames.get(wire.read..).unwrap().to_vec();
        wire.read = wire.frames.len();
        let tab = self.tabs.get_mut(name).unwrap();
        for frame in &unread {
            tab.last_seq = frame["seq"].as_u64().unwrap();
            if frame["type"] == "welcome" {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                tab.participant = text(&frame["participant"]);
                tab.incarnation = text(&frame["session"]["incarnation"]);
                tab.secret = text(&frame["resume_secret"]);
            }
        }
        unread
    }

    pub(crate) fn say(&mut self, name: &str, frame: Value) -> Decision {
        self.raw(&self.socket(name), &frame.to_string())
    }

    /// Reads everything and acknowledges it.
    pub(crate) fn ack(&mut self, name: &str) -> Vec<Value> {
        let heard = self.heard(name);
        self.say(
            name,
            json!({"type": "ack", "ack": self.tabs[name].last_seq}),
        );
        heard
    }

    /// Everyone of these decodes everyone else of them.
    pub(crate) fn all_see(&mut self, names: &[&str]) {
        let epoch = self.epoch();
        for name in names {
            let sees: Vec<_> = names
                .iter()
                .filter(|n| *n != name)
                .map(|n| self.id(n))
                .collect();
            self.say(
                name,
                json!({"type": "connected", "epoch": epoch, "elapsed_ms": 1, "sees": sees}),
            );
        }
    }

    /// Everyone of these sends a camera and decodes everyone else of them.
    pub(crate) fn in_a_call(&mut self, names: &[&str]) {
        for name in names {
            self.say(
                name,
                json!({"type": "tracks", "epoch": self.epoch(),
                "tracks": [{"id": "c", "source": "camera", "muted": false}]}),
            );
        }
        self.all_see(names);
        names.iter().for_each(|name| drop(self.ack(name)));
    }

    pub(crate) fn ready(&mut self, name: &str, epoch: u64) {
        self.say(name, json!({"type": "ready", "epoch": epoch}));
    }

    /// Media died in mid-call.
    pub(crate) fn fail(&mut self, name: &str, epoch: u64, provider: &str) {
        self.fail_at(name, epoch, provider, "media", 1);
    }

    pub(crate) fn fail_at(
        &mut self,
        name: &str,
        epoch: u64,
        provider: &str,
        operation: &str,
        attempt: u32,
    ) {
        self.say(
            name,
            json!({"type": "failed", "epoch": epoch, "provider": provider,
            "operation": operation, "reason": "ice", "attempt": attempt}),
        );
    }

    /// An operator acts; the answer is the status and the epoch or the reason.
    pub(crate) fn operate(&mut self, act: Act) -> Result<Answer, Refused> {
        self.handle(Input::Admin {
            by: "olga".to_owned(),
            act,
        });
        self.answer.clone().expect("an operator is answered")
    }

    pub(crate) fn switch_to(&mut self, provider: &str) -> Result<Answer, Refused> {
        self.operate(Act::Switch(SwitchRequest {
            provider: provider.into(),
            reason: None,
        }))
    }

    /// The registry has news.
    pub(crate) fn providers(&mut self, providers: Vec<Provider>) {
        self.settings.providers.clone_from(&providers);
        self.handle(Input::Providers { providers });
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.snapshot()["epoch"].as_u64().unwrap()
    }

    pub(crate) fn provider(&self) -> String {
        self.snapshot()["provider"].as_str().unwrap().to_owned()
    }

    pub(crate) fn state(&self) -> String {
        self.snapshot()["state"].as_str().unwrap().to_owned()
    }

    /// The kinds of the log's entries.
    pub(crate) fn logged(&self) -> Vec<String> {
        let entries = self.table.entries();
        entries
            .iter()
            .map(|e| json!(e)["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How often something was logged.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.logged().iter().filter(|k| *k == kind).count()
    }

    /// The tab's network goes, and the runtime notices.
    pub(crate) fn cut(&mut self, name: &str) -> Decision {
        self.closed(&self.socket(name))
    }

    pub(crate) fn beat(&mut self, name: &str) {
        let socket = self.socket(name);
        self.wires.get_mut(&socket).unwrap().beat = Some(self.now);
    }

    /// Time passes in which these beat, and the alarm rings.
    pub(crate) fn pass(&mut self, span: u64, names: &[&str]) {
        self.advance(span);
        names.iter().for_each(|name| self.beat(name));
        self.tick();
    }

    /// One decodes everyone of these but itself and one more.
    pub(crate) fn sees_all_but(&mut self, name: &str, unseen: &str, all: &[&str]) {
        let others = all.iter().filter(|n| **n != name && **n != unseen);
        let sees: Vec<_> = others.map(|n| self.id(n)).collect();
        let epoch = self.epoch();
        let frame = json!({"type": "connected", "epoch": epoch, "elapsed_ms": 1, "sees": sees});
        self.say(name, frame);
    }

    /// An operator changes the session.
    pub(crate) fn patch(&mut self, patch: SessionPatch) {
        self.operate(Act::Patch(patch)).unwrap();
    }

    /// Code and reason with which the session closed the tab's socket.
    pub(crate) fn close_of(&self, name: &str) -> Option<(u16, &'static str)> {
        self.wires[&self.socket(name)].closed
    }

    /// Code of the only frame and of the close of a socket that was turned away.
    pub(crate) fn refusal(&self, socket: &str) -> (u16, &'static str) {
        let wire = &self.wires[socket];
        assert_eq!(types(&wire.frames), ["error"]);
        let (code, reason) = wire.closed.expect("closed");
        assert_eq!(wire.frames[0]["code"], reason, "the close says the same");
        (code, reason)
    }
}
