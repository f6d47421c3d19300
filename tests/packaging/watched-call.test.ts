// What hooks and elements show of a call, from a call that is only played.

import assert from "node:assert/strict";
import { test } from "node:test";

const { WatchedCall } = await import("../../wasm-client/npm/shared/watched-call.js" as string);

/** A call that does as it is told. */
class Played {
  state = "connected";
  mode = "p2p";
  participants: unknown[] = [{ id: "ana", self: true, tracks: [] }];
  messages: unknown[] = [];
  readonly listeners = new Map<string, Set<(detail: unknown) => void>>();

  on(name: string, listener: (detail: unknown) => void) {
    const all = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, all.add(listener));
    return () => all.delete(listener);
  }

  tells(name: string, detail?: unknown) {
    for (const listener of this.listeners.get(name) ?? []) listener(detail);
  }

  get heard() {
    return [...this.listeners.values()].reduce((sum, all) => sum + all.size, 0);
  }
}

function watched() {
  const call = new Played();
  const watched = new WatchedCall(call);
  const stop = watched.subscribe(() => {});
  return { call, watched, stop };
}

test("a value stays the same until something is told, and is another one then", () => {
  const { call, watched: it } = watched();
  const before = it.get();
  assert.equal(it.get(), before);
  call.tells("chat");
  assert.notEqual(it.get(), before);
  assert.equal(it.get().participants, before.participants);
});

test("a transition lasts from its start until it is completed, has failed, or the call is left", () => {
  for (const [name, detail] of [
    ["transition:completed", {}],
    ["transition:failed", {}],
    ["state", "left"],
  ] as const) {
    const { call, watched: it } = watched();
    assert.equal(it.get().isTransitioning, false);
    call.tells("transition:started", {});
    assert.equal(it.get().isTransitioning, true);
    call.tells("state", "switching");
    assert.equal(it.get().isTransitioning, true);
    call.tells(name, detail);
    assert.equal(it.get().isTransitioning, false, name);
  }
});

test("the quality is the last that was told, and null before", () => {
  const { call, watched: it } = watched();
  assert.equal(it.get().quality, null);
  const quality = { score: 82, rating: "excellent", mos: 4.2 };
  call.tells("quality-update", quality);
  assert.equal(it.get().quality, quality);
});

test("an error of a call is kept after its end, for whoever shows why", () => {
  const { call, watched: it } = watched();
  call.state = "left";
  call.tells("state", "left");
  call.tells("error", { code: "removed" });
  assert.deepEqual([it.get().state, it.get().error], ["left", { code: "removed" }]);
});

test("a call is listened to while somebody listens, and by nobody afterwards", () => {
  const { call, watched: it, stop } = watched();
  const heard = call.heard;
  const stopToo = it.subscribe(() => {});
  assert.equal(call.heard, heard);
  stop();
  stop();
  assert.equal(call.heard, heard);
  stopToo();
  assert.equal(call.heard, 0);
  call.participants = [];
  it.subscribe(() => {});
  assert.equal(it.get().participantCount, 0);
});
