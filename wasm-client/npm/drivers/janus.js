// Janus' VideoRoom, over its WebSocket.

import { Leg } from "../sfu.js";

/** The names of a picture's layers, from the best, as Janus expects them. */
const RIDS = ["h", "m", "l"];

const groups = (list, many) =>
  Array.from({ length: list.length / many }, (_, place) =>
    list.slice(place * many, place * many + many),
  );

/** One handle, its connection, and the candidates that wait for a description. */
class Handle {
  id;
  pc;
  /** Ours wait until Janus has our description, theirs until we have theirs. */
  ours = [];
  theirs = [];
  #send;
  #sent = false;
  #applied = false;

  constructor(send) {
    this.#send = send;
  }

  open(pc) {
    this.pc = pc;
    pc.onicecandidate = ({ candidate }) => {
      this.ours.push(candidate?.toJSON() ?? { completed: true });
      if (this.#sent) this.#flush();
    };
    return pc;
  }

  /** Our description is on its way. */
  sent() {
    this.#sent = true;
    this.#flush();
  }

  #flush() {
    for (const candidate of this.ours.splice(0)) this.#send(this, { janus: "trickle", candidate });
  }

  async apply(description) {
    await this.pc.setRemoteDescription(description);
    this.#applied = true;
    for (const candidate of this.theirs.splice(0)) this.#add(candidate);
  }

  candidate(candidate) {
    if (this.#applied) this.#add(candidate);
    else this.theirs.push(candidate);
  }

  #add(candidate) {
    // One that cannot be used is one way less.
    this.pc?.addIceCandidate(candidate.completed ? undefined : candidate).catch(() => {});
  }

  close() {
    if (!this.pc) return;
    this.pc.onconnectionstatechange = this.pc.onicecandidate = null;
    this.pc.close();
  }
}

class JanusLeg extends Leg {
  #socket;
  #session;
  #publisher;
  #subscriber;
  /** The calls under way, by their transaction. */
  #calls = new Map();
  #joined = false;
  /** Offers of Janus are taken one after another. */
  #taking;

  connections() {
    return [this.#publisher?.pc, this.#subscriber?.pc];
  }

  begin(number) {
    this.end();
    const begun = (this.begun = Number(number));
    const send = (handle, message) => this.#send(message, handle);
    this.#session = undefined;
    this.#joined = false;
    this.#taking = Promise.resolve();
    this.#publisher = new Handle(send);
    this.#subscriber = new Handle(send);
    this.#calls.clear();
    let socket;
    try {
      socket = this.#socket = new WebSocket(this.given.url, "janus-protocol");
    } catch (error) {
      this.trouble(error.message, "lost", begun);
      return;
    }
    socket.onopen = () => this.tell("opened", begun);
    socket.onmessage = ({ data }) => this.#hear(begun, data);
    socket.onclose = ({ code, reason }) => {
      this.trouble(`closed with ${code} ${reason}`.trim(), "lost", begun);
    };
  }

  end() {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      if (socket.readyState === WebSocket.OPEN && this.#session) {
        const { token } = this.given;
        const session_id = this.#session;
        socket.send(JSON.stringify({ janus: "destroy", transaction: "-", session_id, token }));
      }
      socket.close();
    }
    this.#publisher?.close();
    this.#subscriber?.close();
    this.places.clear();
  }

  track(ref, mid) {
    this.arrived(this.#subscriber.pc, ref, mid);
  }

  keepAlive() {
    this.#send({ janus: "keepalive" });
  }

  #send(message, handle, transaction = "-") {
    const to = handle ? { handle_id: handle.id } : {};
    const own = this.#session ? { session_id: this.#session, ...to } : {};
    const { token } = this.given;
    if (this.#socket?.readyState === WebSocket.OPEN)
      this.#socket.send(JSON.stringify({ ...message, ...own, transaction, token }));
  }

  #hear(begun, text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      message = {};
    }
    const call = this.#calls.get(message.transaction);
    if (message.janus === "ack") return;
    if (call) {
      this.#calls.delete(message.transaction);
      this.#answer(call, message);
      return;
    }
    const handle = [this.#publisher, this.#subscriber].find(
      ({ id }) => id && id === message.sender,
    );
    const publisher = handle === this.#publisher;
    switch (message.janus) {
      case "trickle":
        if (message.candidate) handle?.candidate(message.candidate);
        break;
      case "webrtcup":
        this.tell("transport", begun, publisher, "connected");
        break;
      case "hangup":
        if (handle)
          this.trouble(String(message.reason ?? ""), "transport", begun, publisher, "failed");
        break;
      case "timeout":
        this.tell("lost", begun);
        break;
      case "error":
        // What was trickled to a handle that is gone (459) is of no use; a session that is, is gone.
        if (message.error?.code === 458) this.tell("lost", begun);
        break;
      case "event":
        this.#layered(begun, message.plugindata?.data);
        if (message.jsep?.type === "offer" && handle && !publisher)
          this.#offered(begun, message.jsep);
        break;
    }
  }

  #layered(begun, said) {
    if (typeof said?.substream === "number" && said.mid !== undefined)
      this.tell("layered", begun, String(said.mid), said.substream);
  }

  async #offered(begun, jsep) {
    try {
      await this.#take(jsep);
      if (begun === this.begun) this.tell("offered", begun);
    } catch (error) {
      this.emit("note", { what: "janus: an offer", failed: error.message });
    }
  }

  /** Takes an offer of what we receive, and makes the answer that `start` sends. */
  #take(jsep) {
    const handle = this.#subscriber;
    const taken = this.#taking.then(async () => {
      const pc = handle.pc ?? handle.open(this.connection(false));
      await handle.apply(jsep);
      await pc.setLocalDescription(await pc.createAnswer());
    });
    this.#taking = taken.catch(() => {});
    return taken;
  }

  /** Makes a call, and tells what came of it. */
  async call(text, name, ...about) {
    const number = Number(text);
    const begun = this.begun;
    this.emit("note", { what: `janus: ${name}` });
    try {
      const { handle, message, finish } = await this[`_${name}`](about);
      if (begun !== this.begun) return;
      this.#calls.set(text, { number, name, begun, finish });
      this.#send(message, handle, text);
      if (message.jsep) handle.sent();
    } catch (error) {
      this.#failed(number, name, begun, error);
    }
  }

  #failed(number, name, begun, error) {
    if (begun !== this.begun) return;
    this.emit("note", { what: `janus: ${name}`, failed: error.message });
    this.trouble(error.message, "garbage", number);
  }

  async #answer({ number, name, begun, finish }, message) {
    const data = message.plugindata?.data;
    const code = message.error?.code ?? data?.error_code;
    if (code) {
      const detail = `${code} ${message.error?.reason ?? data?.error ?? ""}`.trim();
      this.emit("note", { what: `janus: ${name}`, failed: detail });
      this.trouble(detail, "refused", number, code, 0);
      return;
    }
    try {
      const answer = await finish(message, data ?? {});
      if (begun === this.begun) this.tell(answer[0], number, ...answer.slice(1));
    } catch (error) {
      this.#failed(number, name, begun, error);
    }
  }

  /** A message to the VideoRoom. */
  #room(handle, request, body, finish, jsep) {
    const message = { janus: "message", body: { request, ...body }, ...(jsep && { jsep }) };
    return { handle, message, finish };
  }

  async _create() {
    const finish = ({ data }) => {
      if (!data?.id) throw new Error("a new session has no id");
      this.#session = data.id;
      return ["done"];
    };
    return { message: { janus: "create" }, finish };
  }

  async _attach([side]) {
    const handle = side === "publisher" ? this.#publisher : this.#subscriber;
    const finish = ({ data }) => {
      if (!data?.id) throw new Error("a new handle has no id");
      handle.id = data.id;
      return ["done"];
    };
    return { message: { janus: "attach", plugin: "janus.plugin.videoroom" }, finish };
  }

  async _join([id]) {
    const body = { ptype: "publisher", id, ...this.#entry() };
    return this.#room(this.#publisher, "join", body, (_, { videoroom }) => {
      if (videoroom !== "joined") throw new Error("whoever joined was not told so");
      return ["done"];
    });
  }

  #entry() {
    return { room: this.given.room ?? this.options.room, token: this.given.room_token };
  }

  async _place(about) {
    const handle = this.#publisher;
    const request = handle.pc ? "configure" : "publish";
    const pc = handle.pc ?? handle.open(this.connection(true));
    const wanted = groups(about, 2);
    // The microphone's place is there from the beginning, silent or not: it is what connects.
    if (!this.places.has("microphone")) this.place(pc, "microphone", []);
    for (const [source, layers] of wanted)
      if (!this.places.has(source)) this.place(pc, source, RIDS.slice(0, Number(layers)));
    await pc.setLocalDescription(await pc.createOffer());
    const jsep = { type: "offer", sdp: pc.localDescription.sdp };
    const finish = async (message) => {
      await handle.apply(message.jsep);
      for (const [source] of wanted) this.replace(source);
      const sources = wanted.map(([source]) => source);
      return ["placed", sources, sources.map((source) => this.places.get(source).mid)];
    };
    return this.#room(handle, request, {}, finish, jsep);
  }

  #streams(about) {
    return groups(about, 2).map(([ref, substream]) => {
      const [feed, mid] = ref.split("/");
      return { feed, mid, ...(substream && { substream: Number(substream) }) };
    });
  }

  /** What comes, after a change of it. */
  #coming = async ({ jsep }, { streams }) => {
    if (jsep) await this.#take(jsep);
    const lines = streams
      .filter(({ active }) => active !== false)
      .flatMap(({ mid, feed_id, feed_mid }) => [String(mid), String(feed_id), String(feed_mid)]);
    return ["streams", lines, Boolean(jsep)];
  };

  async _first(about) {
    const streams = this.#streams(about);
    const body = { ptype: "subscriber", autoupdate: false, streams, ...this.#entry() };
    return this.#room(this.#subscriber, "join", body, this.#coming);
  }

  async _more(about) {
    const streams = this.#streams(about);
    return this.#room(this.#subscriber, "subscribe", { streams }, this.#coming);
  }

  async _letGo(mids) {
    const streams = mids.map((sub_mid) => ({ sub_mid }));
    return this.#room(this.#subscriber, "unsubscribe", { streams }, this.#coming);
  }

  async _start() {
    const { sdp } = this.#subscriber.pc.localDescription;
    const jsep = { type: "answer", sdp };
    return this.#room(this.#subscriber, "start", {}, () => ["done"], jsep);
  }

  async _layers(about) {
    const streams = groups(about, 2).map(([mid, substream]) => ({
      mid,
      substream: Number(substream),
    }));
    return this.#room(this.#subscriber, "configure", { streams }, () => ["done"]);
  }
}

/** See `drivers.d.ts`. */
export const driver = {
  open(options) {
    // Janus takes a feed's name once, and may remember it for a while after its socket has closed.
    const name = `${options.participant}-${Date.now().toString(36)}`;
    return new JanusLeg(options, (Machine) => Machine.janus(name));
  },
};
