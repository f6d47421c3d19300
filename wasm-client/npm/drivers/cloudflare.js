// Cloudflare's Realtime SFU, through the session's Worker, which holds the secret.

import { Leg } from "../sfu.js";

/** The names of a picture's layers, from the best: the SFU falls back in the order of the alphabet. */
const RIDS = ["a", "b", "c"];

/** What the placeholder is called: nobody asks for it. */
const WARM = "warm";

/** Splits a list into groups of so many. */
const groups = (list, many) =>
  Array.from({ length: list.length / many }, (_, place) =>
    list.slice(place * many, place * many + many),
  );

const simulcast = (rid) =>
  rid && {
    simulcast: {
      preferredRid: rid,
      priorityOrdering: "asciibetical",
      ridNotAvailable: "asciibetical",
    },
  };

/** Whose track a reference is, and its name. */
function remote(ref) {
  const slash = ref.indexOf("/");
  return {
    location: "remote",
    sessionId: ref.slice(0, slash),
    trackName: ref.slice(slash + 1),
  };
}

/** A status that is no success. */
class Refused extends Error {
  constructor(status, wait, message) {
    super(message);
    Object.assign(this, { status, wait });
  }
}

/** Nobody answered. */
class Silent extends Error {}

class CloudflareLeg extends Leg {
  #pc;
  #session;
  #aborting = new AbortController();
  /** What was pushed, by its name. */
  #pushed = new Map();

  connections() {
    return [this.#pc];
  }

  begin(number) {
    this.end();
    this.begun = Number(number);
    this.#session = undefined;
    this.#pc = this.connection(true);
  }

  end() {
    this.abort();
    if (this.#pc) this.#pc.onconnectionstatechange = null;
    this.#pc?.close();
    this.places.clear();
    this.#pushed.clear();
  }

  abort() {
    this.#aborting.abort();
    this.#aborting = new AbortController();
  }

  track(ref, mid) {
    this.arrived(this.#pc, ref, mid);
  }

  /** Makes a call, and tells what came of it. */
  async call(text, name, ...about) {
    const number = Number(text);
    const { signal } = this.#aborting;
    this.emit("note", { what: `cloudflare: ${name}` });
    try {
      const answer = await this[`_${name}`](about, this.#pc, signal);
      if (!signal.aborted) this.tell(answer[0], number, ...answer.slice(1));
    } catch (error) {
      if (signal.aborted) return;
      const { message, status, wait } = error;
      this.emit("note", { what: `cloudflare: ${name}`, failed: message });
      if (error instanceof Refused) this.trouble(message, "refused", number, status, wait);
      else this.trouble(message, error instanceof Silent ? "silent" : "garbage", number);
    }
  }

  async #ask(method, path, body, signal) {
    const url = `${this.options.server}/v1/sfu/cloudflare/sessions/${path}`;
    const headers = { authorization: `Bearer ${this.given.token}` };
    if (body) headers["content-type"] = "application/json";
    let answer;
    try {
      const credentials = "omit";
      answer = await fetch(url, {
        method,
        headers,
        body: JSON.stringify(body),
        signal,
        credentials,
      });
    } catch (error) {
      throw new Silent(error.message);
    }
    const said = await answer.json().catch(() => undefined);
    signal.throwIfAborted();
    if (answer.ok && said && !said.errorCode) return said;
    if (answer.ok && !said) throw new Error(`the answer to ${path} is no JSON`);
    const code = said?.errorCode ?? "";
    // A session that is not known may be told of within a success.
    const status = answer.ok ? (code === "session_error" ? 410 : 400) : answer.status;
    const wait = Number(answer.headers.get("retry-after")) * 1000 || 0;
    throw new Refused(status, wait, `${status} ${code} ${said?.errorDescription ?? ""}`.trim());
  }

  async _session(_, __, signal) {
    const { sessionId } = await this.#ask("POST", "new", undefined, signal);
    if (typeof sessionId !== "string") throw new Error("a new session has no sessionId");
    this.#session = sessionId;
    return ["session", sessionId];
  }

  #of(operation) {
    return `${encodeURIComponent(this.#session)}/${operation}`;
  }

  /** Our offer, and what the server answers. */
  async #offer(pc, operation, method, more, signal) {
    await pc.setLocalDescription(await pc.createOffer());
    signal.throwIfAborted();
    const sessionDescription = { type: "offer", sdp: pc.localDescription.sdp };
    const body = { sessionDescription, ...more() };
    const said = await this.#ask(method, this.#of(operation), body, signal);
    await pc.setRemoteDescription(said.sessionDescription);
    signal.throwIfAborted();
    return said;
  }

  async _push(about, pc, signal) {
    const pushed = groups(about, 3);
    for (const [source, name, layers] of pushed)
      if (!this.#pushed.has(name))
        this.#pushed.set(name, this.place(pc, source, RIDS.slice(0, Number(layers))));
    if (!pushed.length && !this.#pushed.has(WARM))
      this.#pushed.set(WARM, pc.addTransceiver("audio", { direction: "sendonly" }));
    const names = pushed.length ? pushed.map(([, name]) => name) : [WARM];
    const tracks = () => ({
      tracks: names.map((trackName) => {
        const { mid } = this.#pushed.get(trackName);
        return { location: "local", mid, trackName };
      }),
    });
    const said = await this.#offer(pc, "tracks/new", "POST", tracks, signal);
    const taken = names.filter((name) =>
      said.tracks.some((track) => track.trackName === name && !track.errorCode),
    );
    // A track that was muted, or another, meanwhile.
    for (const [source] of pushed) this.replace(source);
    return ["items", taken, taken.map((name) => this.#pushed.get(name).mid), false];
  }

  async _pull(about, pc, signal) {
    const wanted = groups(about, 2);
    const tracks = wanted.map(([ref, rid]) => ({ ...remote(ref), ...simulcast(rid) }));
    const said = await this.#ask("POST", this.#of("tracks/new"), { tracks }, signal);
    const offered = Boolean(said.requiresImmediateRenegotiation);
    if (offered) {
      await pc.setRemoteDescription(said.sessionDescription);
      await pc.setLocalDescription(await pc.createAnswer());
      signal.throwIfAborted();
    }
    const mids = tracks.map(({ sessionId, trackName }, place) => {
      const same = (track) =>
        track?.trackName === trackName && (track.sessionId ?? sessionId) === sessionId;
      const found = same(said.tracks[place]) ? said.tracks[place] : said.tracks.find(same);
      if (found?.errorCode)
        this.emit("note", { what: "cloudflare: pull", track: trackName, failed: found.errorCode });
      return found?.errorCode ? "" : String(found?.mid ?? "");
    });
    return ["items", wanted.map(([ref]) => ref), mids, offered];
  }

  async _renegotiate(_, pc, signal) {
    const sessionDescription = { type: "answer", sdp: pc.localDescription.sdp };
    await this.#ask("PUT", this.#of("renegotiate"), { sessionDescription }, signal);
    return ["done"];
  }

  async _update(about, _, signal) {
    const tracks = groups(about, 3).map(([mid, ref, rid]) => ({
      ...remote(ref),
      mid,
      ...simulcast(rid),
    }));
    await this.#ask("PUT", this.#of("tracks/update"), { tracks }, signal);
    return ["done"];
  }

  async _drop(mids, pc, signal) {
    for (const place of pc.getTransceivers()) if (mids.includes(place.mid)) place.stop();
    const more = () => ({ tracks: mids.map((mid) => ({ mid })), force: false });
    await this.#offer(pc, "tracks/close", "PUT", more, signal);
    return ["done"];
  }

  async _look(_, __, signal) {
    await this.#ask("GET", encodeURIComponent(this.#session), undefined, signal);
    return ["done"];
  }
}

/** See `drivers.d.ts`. */
export const driver = {
  open: (options) => new CloudflareLeg(options, (Machine) => Machine.cloudflare()),
};
