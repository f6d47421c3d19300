// What a call's trace takes, and what it never does.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import type { TraceEntry } from "samewire";

const { Trace } = await import("../../wasm-client/npm/trace.js" as string);

type Printed = unknown[];

let printed: Printed[];
beforeEach(() => {
  printed = [];
  for (const level of ["debug", "info", "warn"] as const)
    mock.method(console, level, (...what: Printed) => printed.push([level, ...what]));
});
afterEach(() => {
  mock.restoreAll();
  Reflect.deleteProperty(globalThis, "localStorage");
});

function storage(debug: unknown) {
  Object.defineProperty(globalThis, "localStorage", { value: { debug }, configurable: true });
}

const entry = (what: string, detail?: unknown, way?: "sent" | "received") => {
  const trace = new Trace();
  trace.note(what, detail, way);
  const { at: _, ...rest } = trace.read().entries[0]!;
  return rest;
};

test("a frame is kept by its allow-list: no name, no text, no token, no secret, no address, no SDP", () => {
  const description = { type: "offer", sdp: "v=0 o=- 10.1.2.3" };
  const candidate = {
    candidate: "candidate:1 1 UDP 99 10.1.2.3 5000 typ srflx raddr 10.1.2.4 rport 9",
  };
  const secret = "do not tell";
  const frames = [
    {
      type: "welcome",
      participant: "p1",
      resume_secret: secret,
      chat: [{ text: secret }],
      ordinal: 1,
    },
    { type: "token", token: secret },
    { type: "ice_servers", ice_servers: [{ urls: secret, username: secret, credential: secret }] },
    { type: "chat", from: "p1", name: secret, text: secret },
    { type: "participant_joined", participant: { id: "p2", user_id: secret, name: secret } },
    { type: "signal", from: "p2", payload: { description, offer: 3 } },
    { type: "signal", from: "p2", payload: { candidate } },
    { type: "prepare", epoch: 4, provider: secret, room: secret, credentials: secret },
    { type: "error", code: "chat-length", message: secret },
  ];
  const trace = new Trace();
  for (const frame of frames) trace.note(frame.type, frame, "received");
  const kept = JSON.stringify(trace.read());
  for (const forbidden of [secret, "10.1.2", "v=0"]) assert(!kept.includes(forbidden), kept);
  const [, , , , joined, offer, way, prepare] = trace.read().entries;
  assert.equal(joined!.participant, "p2");
  assert.deepEqual([offer!["description"], offer!["offer"]], ["offer", 3]);
  assert.equal(way!["candidate"], "srflx/udp");
  assert.equal(prepare!["epoch"], 4);
});

test("what others send is cut to size, whatever it is", () => {
  for (const payload of [null, 7, "x", [], { candidate: 1 }, { candidate: { candidate: {} } }]) {
    assert.equal(entry("signal", { payload }, "received").what, "signal");
  }
  const long = "x".repeat(100_000);
  const kept = entry("signal", { from: long, payload: { description: { type: long } } });
  assert(JSON.stringify(kept).length < 1_000);
});

test("each thing has a namespace and a level", () => {
  const of = (what: string, detail?: unknown) => {
    const { namespace, level } = entry(what, detail);
    return `${namespace} ${level}`;
  };
  assert.equal(of("state", "connected"), "link info");
  assert.equal(of("glare", { role: "polite", action: "rollback" }), "negotiation info");
  assert.equal(of("connection-state", { line: "failed" }), "ice debug");
  assert.equal(of("ice-error", { code: 401 }), "turn debug");
  assert.equal(of("quality-update", { score: 80 }), "quality debug");
  assert.equal(of("alert", { kind: "freeze", open: true }), "quality warn");
  assert.equal(of("transition:failed", { epoch: 2 }), "switch warn");
});

test("glare is counted, by the role and in all", () => {
  const trace = new Trace();
  trace.note("glare", { role: "polite", action: "rollback" });
  trace.note("glare", { role: "impolite", action: "ignore" });
  trace.note("glare", { role: "polite", action: "rollback" });
  const { glare, entries } = trace.read();
  assert.deepEqual(glare, { polite: 2, impolite: 1 });
  assert.deepEqual(
    (entries as TraceEntry[]).map((entry) => entry["count"]),
    [1, 2, 3],
  );
});

test("the last 5,000 are kept, and it is said how many are not", () => {
  const trace = new Trace();
  for (let n = 0; n < 5_003; n += 1) trace.note("ack", { ack: n });
  const { entries, dropped } = trace.read();
  assert.deepEqual([entries.length, dropped, entries[0]!["ack"]], [5_000, 3, 3]);
});

test("localStorage.debug says what is printed, and a storage that throws is none", () => {
  const prints = (debug: unknown) => {
    storage(debug);
    printed = [];
    const trace = new Trace();
    trace.note("state", "connected");
    trace.note("connection-state", { line: "connected" });
    return printed.map(([level, name]) => `${level} ${name}`);
  };
  const both = ["info samewire:link", "debug samewire:ice"];
  assert.deepEqual(prints("samewire:*"), both);
  assert.deepEqual(prints("*"), both);
  assert.deepEqual(prints("app:x, samewire:ice"), [both[1]]);
  assert.deepEqual(prints("samewire:* -samewire:ice"), [both[0]]);
  assert.deepEqual(prints("samewire:(.*"), []);
  assert.deepEqual(prints(undefined), []);
  Object.defineProperty(globalThis, "localStorage", {
    get: () => assert.fail("forbidden"),
    configurable: true,
  });
  assert.equal(new Trace().read().entries.length, 0);
});
