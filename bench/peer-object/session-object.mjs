// One session: its sockets, its rows, its alarm.

import { DurableObject } from "cloudflare:workers";

import {
  HELLO_DEADLINE,
  LEASE,
  EMPTY_GRACE,
  TOO_EARLY,
  TELL_AGAIN,
  RETENTION,
  CHAT_KEPT,
  MAX_CHAT_CHARS,
  MAX_FRAME_BYTES,
  MAX_UNACKNOWLEDGED_FRAMES,
  MAX_UNACKNOWLEDGED_BYTES,
  PEOPLE,
  FRAME_BURST,
  FRAME_EVERY,
  PLAIN_NAME,
} from "./limits.mjs";
import { SCHEMA, framed, keep, name, newcomer, sha256, uuidv7, view } from "./records.mjs";

export class PeerObject extends DurableObject {
  /** What each socket belongs to: `{socket, claims, opened, participant?}`. */
  #sockets = new Map();
  #session;
  #participants = new Map();
  #chat = [];
  #logSeq = 0;
  #past = [];
  #outbox = { news: null, pending: false };
  #telling = false;
  #alarm;

  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    for (const statement of SCHEMA) this.sql.exec(statement);
    this.#load();
  }

  #load() {
    const now = Date.now();
    this.#session = this.#meta("session");
    this.#past = this.#meta("past") ?? [];
    this.#outbox = this.#meta("outbox") ?? this.#outbox;
    const [last] = this.sql.exec("SELECT seq FROM events ORDER BY seq DESC LIMIT 1");
    this.#logSeq = last?.seq ?? 0;
    for (const { record } of this.sql.exec("SELECT record FROM participants")) {
      const participant = newcomer(JSON.parse(record), now);
      this.#participants.set(participant.record.id, participant);
    }
    for (const { participant, cursor } of this.sql.exec("SELECT * FROM cursors")) {
      this.#participants.get(participant).cursor = JSON.parse(cursor);
    }
    for (const row of this.sql.exec("SELECT * FROM kept ORDER BY participant, seq")) {
      keep(this.#participants.get(row.participant), row.seq, JSON.parse(row.frame).message);
    }
    for (const { number, line } of this.sql.exec("SELECT * FROM chat ORDER BY number")) {
      this.#chat.push({ number, line: JSON.parse(line) });
    }
    for (const ws of this.ctx.getWebSockets()) {
      const attached = ws.deserializeAttachment();
      for (const participant of this.#participants.values()) {
        if (participant.record.socket !== attached.socket) continue;
        participant.ws = ws;
        attached.participant = participant;
      }
      this.#sockets.set(ws, attached);
    }
  }

  #meta(key) {
    const [row] = this.sql.exec("SELECT value FROM meta WHERE key = ?", key);
    return row && JSON.parse(row.value);
  }

  #setMeta(key, value) {
    this.sql.exec("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, JSON.stringify(value));
  }

  async fetch(request) {
    const id = request.headers.get("x-session");
    const claims = JSON.parse(decodeURIComponent(request.headers.get("x-claims")));
    if (this.#meta("id") !== id) this.#setMeta("id", id);
    const { 0: client, 1: server } = new WebSocketPair();
    const attached = { socket: name(), claims, opened: Date.now() };
    this.ctx.acceptWebSocket(server, [attached.socket]);
    server.serializeAttachment(attached);
    this.#sockets.set(server, attached);
    await this.#settle();
    const headers = { "sec-websocket-protocol": "samewire.v1" };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  async webSocketMessage(ws, text) {
    const attached = this.#sockets.get(ws);
    let frame;
    try {
      if (typeof text !== "string" || text.length > MAX_FRAME_BYTES) throw new TypeError("frame");
      frame = JSON.parse(text);
    } catch {
      return this.#refuse(ws, "malformed", "a frame is a JSON object");
    }
    // Hashing is asynchronous here; from there on nothing is awaited before all is told.
    const secret = frame.type === "hello" ? name() + name() : "";
    const hash = secret && (await sha256(secret));
    this.#run((turn) => {
      if (attached.participant) this.#received(turn, attached.participant, frame);
      else if (frame.type === "hello") this.#hello(turn, ws, attached, frame, secret, hash);
      else this.#refuse(ws, "hello_first", 'the first frame of a socket is "hello"');
    });
    await this.#settle();
  }

  async webSocketClose(ws) {
    const attached = this.#sockets.get(ws);
    this.#sockets.delete(ws);
    if (attached?.participant?.ws === ws)
      this.#run((turn) => this.#detach(turn, attached.participant));
    ws.close(1000);
    await this.#settle();
  }

  webSocketError(ws) {
    return this.webSocketClose(ws);
  }

  async alarm() {
    this.#alarm = undefined;
    const now = Date.now();
    for (const [ws, { participant, opened }] of this.#sockets) {
      if (!participant && opened + HELLO_DEADLINE <= now)
        this.#refuse(ws, "hello_first", "too late");
    }
    this.#run((turn) => {
      for (const participant of this.#participants.values()) {
        const heard = participant.ws && this.ctx.getWebSocketAutoResponseTimestamp(participant.ws);
        participant.since = Math.max(participant.since, heard?.getTime() ?? 0);
        if (participant.since + LEASE > now) continue;
        if (participant.ws) {
          participant.ws.close(4010, "no heartbeat");
          this.#detach(turn, participant);
        } else {
          this.#remove(turn, participant, "lease");
        }
      }
      if (this.#session?.empty_since + EMPTY_GRACE <= now) this.#end(turn);
      if (this.#past[0]?.ended_at + RETENTION <= now) this.#sweep();
    });
    await this.#settle();
  }

  /** Decides and stores in one transaction, then tells. */
  #run(decide) {
    const turn = { tell: [], log: [], moved: new Set(), changed: new Set(), session: false };
    let news;
    try {
      this.ctx.storage.transactionSync(() => {
        decide(turn);
        if (this.#session && this.#participants.size === 0 && !this.#session.empty_since) {
          this.#session.empty_since = Date.now();
          turn.session = true;
        }
        if (turn.session && this.#session) this.#setMeta("session", this.#session);
        for (const { record } of turn.changed) {
          const json = JSON.stringify(record);
          this.sql.exec("INSERT OR REPLACE INTO participants VALUES (?, ?)", record.id, json);
        }
        for (const { record, cursor } of turn.moved) {
          const json = JSON.stringify(cursor);
          this.sql.exec("INSERT OR REPLACE INTO cursors VALUES (?, ?)", record.id, json);
        }
        for (const entry of turn.log) {
          entry.seq = ++this.#logSeq;
          this.sql.exec("INSERT INTO events VALUES (?, ?)", entry.seq, JSON.stringify(entry));
        }
        if (turn.session || turn.changed.size > 0) news = this.#news();
        if (news) this.#setMeta("outbox", news);
      });
    } catch (error) {
      // What is in memory is not what is stored: begin again from there.
      for (const ws of this.#sockets.keys()) ws.close(1011, "storage");
      this.ctx.abort(error);
    }
    if (news) this.#outbox = news;
    for (const [ws, text] of turn.tell) ws.send(text);
  }

  /** Notes something for the log. */
  #log(turn, event, who) {
    const { incarnation, epoch } = this.#session;
    const by = who ? { kind: "participant", id: who } : { kind: "alarm" };
    turn.log.push({ seq: 0, at: Date.now(), incarnation, epoch, ...event, by });
  }

  /** What the index is to know, if that has changed. */
  #news() {
    const { news } = this.#outbox;
    const version = (news?.version ?? 0) + 1;
    if (!this.#session) {
      if (news?.news !== "live") return undefined;
      const { id, incarnation } = news;
      return { news: { news: "ended", id, incarnation, version }, pending: true };
    }
    const { incarnation, epoch, provider, kind, began_at } = this.#session;
    const users = new Set(Array.from(this.#participants.values(), ({ record }) => record.user));
    const brief = {
      id: this.#meta("id"),
      incarnation,
      epoch,
      provider,
      kind,
      state: "active",
      participants: this.#participants.size,
      users: [...users].sort(),
      startedAt: began_at,
      alerts: [],
    };
    if (news?.news === "live") {
      const { news: _, updatedAt, version, ...known } = news;
      if (JSON.stringify(known) === JSON.stringify(brief)) return undefined;
    }
    return { news: { news: "live", ...brief, updatedAt: Date.now(), version }, pending: true };
  }

  /** Sets the alarm, and tells the index beside it. */
  async #settle() {
    const alarm = this.#setAlarm();
    if (this.#outbox.pending && !this.#telling) {
      this.#telling = true;
      this.ctx.waitUntil(this.#tellIndex());
    }
    await alarm;
  }

  async #tellIndex() {
    while (this.#outbox.pending) {
      const { news } = this.#outbox;
      try {
        const index = this.env.PEER_INDEX.get(this.env.PEER_INDEX.idFromName("index"));
        const body = JSON.stringify(news);
        const { status } = await index.fetch("https://index/", { method: "POST", body });
        if (status !== 200) break;
      } catch {
        // The alarm will see to it.
        break;
      }
      if (this.#outbox.news !== news) continue;
      this.#outbox.pending = false;
      this.#setMeta("outbox", this.#outbox);
    }
    this.#telling = false;
    await this.#setAlarm();
  }

  #hello(turn, ws, attached, hello, secret, hash) {
    const { user, name: called, role, expires_at, token, lasts } = attached.claims;
    const now = Date.now();
    const refuse = (code, message) => this.#refuse(ws, code, message);
    if (hello.protocol !== 1) return refuse("protocol_version", "this server speaks 1");
    if (!PLAIN_NAME.test(hello.instance)) return refuse("bad_field", '"instance"');
    if (!hello.drivers?.includes("p2p")) return refuse("unsupported", "no provider for everyone");
    if (expires_at <= now) return refuse("unauthorised", "the token has expired");
    for (const { record } of this.#participants.values()) {
      if (record.user === user && record.instance === hello.instance) return refuse("known", "");
    }
    if (this.#participants.size === PEOPLE) return refuse("full", "the session is full");
    const who = name();
    if (!this.#session) {
      this.#session = {
        incarnation: uuidv7(),
        epoch: 1,
        provider: "p2p",
        kind: "p2p",
        mode: "call",
        next_ordinal: 1,
        began_at: now,
        issued: 1,
        cause: "began",
        bars: {},
        switched_at: now,
        heads_changed_at: now,
        summary: {
          durationMs: 0,
          participants: 0,
          peak: 0,
          switches: 0,
          failovers: 0,
          aborted: 0,
          standbys: 0,
          standbysUsed: 0,
          standbyMs: 0,
          longestGapMs: 0,
        },
      };
      const { provider, kind: providerKind, mode } = this.#session;
      this.#log(turn, { kind: "began", provider, providerKind, mode }, who);
    }
    delete this.#session.empty_since;
    this.#session.heads_changed_at = now;
    const { summary } = this.#session;
    summary.participants += 1;
    summary.peak = Math.max(summary.peak, this.#participants.size + 1);
    const record = {
      id: who,
      user,
      name: called,
      role,
      instance: hello.instance,
      ordinal: this.#session.next_ordinal++,
      generation: 1,
      drivers: hello.drivers,
      socket: attached.socket,
      socket_opened: attached.opened,
      secret: hash,
      connected: false,
      sees: [],
      tracks: [],
      hidden: false,
      device: hello.device,
      token,
      token_expires_at: expires_at,
      token_lasts: lasts,
      renew_token_at: now + Math.floor((expires_at - now) / 2),
    };
    const participant = newcomer(record, now, ws);
    this.#participants.set(record.id, participant);
    attached.participant = participant;
    turn.session = true;
    turn.changed.add(participant);
    const { incarnation, epoch, provider, kind, mode } = this.#session;
    const id = this.#meta("id");
    this.#tellOnce(turn, participant, {
      type: "welcome",
      participant: record.id,
      ordinal: record.ordinal,
      generation: record.generation,
      resume_secret: secret,
      resumed: false,
      last_id: 0,
      session: { id, incarnation, epoch, provider, kind, room: id, state: "active", mode },
      participants: [...this.#participants.values()].map(view),
      chat: this.#chat.map(({ line }) => line),
      ice_servers: [],
      config: { heartbeat_ms: 15_000, lease_ms: LEASE, sample_ms: 3_000 },
    });
    const joined = { kind: "joined", participant: view(participant) };
    this.#log(turn, joined, participant.record.id);
    this.#tellOthers(turn, participant, {
      type: "participant_joined",
      participant: view(participant),
    });
  }

  #received(turn, participant, frame) {
    participant.since = Date.now();
    if (Number.isSafeInteger(frame.ack)) this.#acknowledge(turn, participant, frame.ack);
    const full = Math.max(participant.full_at, participant.since) + FRAME_EVERY;
    if (full > participant.since + FRAME_EVERY * FRAME_BURST) {
      const error = { type: "error", code: "too_fast", message: "", id: frame.id };
      return this.#tellOnce(turn, participant, error);
    }
    participant.full_at = full;
    switch (frame.type) {
      case "ack":
        return;
      case "chat":
        return this.#say(turn, participant, frame);
      case "leave":
        participant.ws.close(1000, "left");
        return this.#remove(turn, participant, "left");
      default: {
        const message = `unknown type "${frame.type}"`;
        this.#tellOnce(turn, participant, { type: "error", code: "unknown_type", message });
      }
    }
  }

  #acknowledge(turn, participant, seq) {
    const { kept, record, cursor } = participant;
    const handled = kept.findLastIndex((frame) => frame.seq <= seq) + 1;
    if (handled === 0) return;
    for (const { bytes } of kept.splice(0, handled)) participant.bytes -= bytes;
    cursor.dropped = Math.max(cursor.dropped, Math.min(seq, cursor.seq));
    turn.moved.add(participant);
    this.sql.exec("DELETE FROM kept WHERE participant = ? AND seq <= ?", record.id, seq);
  }

  #say(turn, participant, { id, text }) {
    const { record, cursor } = participant;
    if (!Number.isSafeInteger(id) || typeof text !== "string") {
      const error = { type: "error", code: "bad_field", message: '"id" or "text"' };
      return this.#tellOnce(turn, participant, error);
    }
    turn.moved.add(participant);
    if (id <= cursor.last_id) return;
    cursor.last_id = id;
    if ([...text].length > MAX_CHAT_CHARS || text.trim() === "") {
      const error = { type: "error", code: "bad_field", message: "1 to 4000 characters" };
      return this.#tellOnce(turn, participant, error);
    }
    const line = { from: record.id, name: record.name, id, text, at: Date.now() };
    const number = (this.#chat.at(-1)?.number ?? 0) + 1;
    this.#chat.push({ number, line });
    if (this.#chat.length > CHAT_KEPT) this.#chat.shift();
    this.sql.exec("INSERT INTO chat VALUES (?, ?)", number, JSON.stringify(line));
    this.sql.exec("DELETE FROM chat WHERE number <= ?", number - CHAT_KEPT);
    this.#tellOthers(turn, undefined, { type: "chat", ...line });
  }

  #detach(turn, participant) {
    participant.ws = undefined;
    participant.since = Date.now();
    delete participant.record.socket;
    participant.record.away_since = participant.since;
    turn.changed.add(participant);
    const updated = { kind: "updated", participant: view(participant) };
    this.#log(turn, updated, participant.record.id);
    const message = { type: "participant_updated", participant: view(participant) };
    this.#tellOthers(turn, participant, message);
  }

  #remove(turn, participant, reason) {
    const { id } = participant.record;
    this.#participants.delete(id);
    this.sql.exec("DELETE FROM participants WHERE id = ?", id);
    this.sql.exec("DELETE FROM cursors WHERE participant = ?", id);
    this.sql.exec("DELETE FROM kept WHERE participant = ?", id);
    this.#log(turn, { kind: "left", participant: id, reason });
    this.#session.heads_changed_at = Date.now();
    turn.session = true;
    const message = { type: "participant_left", participant: view(participant), reason };
    this.#tellOthers(turn, participant, message);
  }

  #end(turn) {
    const { summary, began_at, incarnation } = this.#session;
    const now = Date.now();
    summary.durationMs = now - began_at;
    this.#log(turn, { kind: "ended", reason: "empty", summary });
    this.#past.push({ incarnation, last: this.#logSeq + turn.log.length, ended_at: now });
    this.#setMeta("past", this.#past);
    turn.session = true;
    for (const table of ["participants", "cursors", "kept", "chat"]) {
      this.sql.exec(`DELETE FROM ${table}`);
    }
    this.sql.exec("DELETE FROM meta WHERE key = 'session'");
    this.#session = undefined;
    this.#chat = [];
  }

  #sweep() {
    const { last } = this.#past.shift();
    this.sql.exec("DELETE FROM events WHERE seq <= ?", last);
    this.#setMeta("past", this.#past);
  }

  /** Numbers and sends a frame that only the present socket needs. */
  #tellOnce(turn, participant, message) {
    const seq = ++participant.cursor.seq;
    turn.moved.add(participant);
    if (participant.ws) turn.tell.push([participant.ws, framed(seq, JSON.stringify(message))]);
  }

  /** Numbers, keeps until acknowledged, and sends a frame to everyone but one. */
  #tellOthers(turn, but, message) {
    const json = JSON.stringify(message);
    for (const participant of this.#participants.values()) {
      if (participant === but) continue;
      const seq = ++participant.cursor.seq;
      turn.moved.add(participant);
      keep(participant, seq, json);
      this.sql.exec(
        "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)",
        participant.record.id,
        seq,
        JSON.stringify({ message: json }),
      );
      if (participant.ws) turn.tell.push([participant.ws, framed(seq, json)]);
      const { kept, bytes } = participant;
      if (kept.length > MAX_UNACKNOWLEDGED_FRAMES || bytes > MAX_UNACKNOWLEDGED_BYTES) {
        participant.ws?.close(1013, "too much unacknowledged");
        this.#acknowledge(turn, participant, seq);
      }
    }
  }

  #refuse(ws, code, message) {
    ws.send(JSON.stringify({ seq: 0, type: "error", code, message }));
    ws.close(4009, code);
  }

  /** Sets the alarm for the earliest deadline, unless it rings before that anyway. */
  async #setAlarm() {
    let due = this.#session?.empty_since + EMPTY_GRACE || Infinity;
    for (const { participant, opened } of this.#sockets.values()) {
      if (!participant) due = Math.min(due, opened + HELLO_DEADLINE);
    }
    for (const { since, record } of this.#participants.values()) {
      due = Math.min(due, since + LEASE, record.renew_token_at);
    }
    if (this.#past.length > 0) due = Math.min(due, this.#past[0].ended_at + RETENTION);
    if (this.#outbox.pending) due = Math.min(due, Date.now() + TELL_AGAIN);
    if (due === Infinity || (this.#alarm <= due && due - this.#alarm < TOO_EARLY)) return;
    this.#alarm = due;
    await this.ctx.storage.setAlarm(due);
  }
}
