// The door of dev-sfu: who is let in, and what is said to whoever asks wrongly.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { binary, buildDevSfu, DevSfu } from "../support/dev-sfu.ts";

let sfu: DevSfu;
before(async () => {
  sfu = await DevSfu.start();
});
after(() => sfu.stop());

interface Asked {
  method?: string;
  app?: string;
  bearer?: string;
  body?: string;
}

/** Status and code of the answer to a request that is right but for what is said. */
async function refused(path: string, asked: Asked = {}): Promise<[number, string]> {
  const { method = "POST", app = sfu.app, bearer = sfu.secret, body } = asked;
  const answer = await fetch(`${sfu.url}/apps/${app}/${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}` },
    ...(body === undefined ? {} : { body }),
  });
  const { errorCode } = (await answer.json()) as { errorCode: string };
  return [answer.status, errorCode];
}

test("its first line says that it is no SFU for production", async () => {
  await buildDevSfu();
  const ended = promisify(execFile)(binary, { env: {} });
  await assert.rejects(ended, (error: { code: number; stdout: string; stderr: string }) => {
    assert.match(error.stdout.split("\n")[0]!, /^Not a production SFU/);
    assert.match(error.stderr, /SFU_APP_SECRET is not set/);
    return error.code === 2;
  });
});

test("only the app that there is answers, and only to its secret", async () => {
  assert.deepEqual(await refused("sessions/new", { bearer: "another" }), [401, "unauthorized"]);
  assert.deepEqual(await refused("sessions/new", { bearer: "" }), [401, "unauthorized"]);
  assert.deepEqual(await refused("sessions/new", { app: "other" }), [404, "not_found"]);
});

test("what cannot be read, or is not there, is refused with a code", async () => {
  const { sessionId } = (await sfu.call("POST", "sessions/new", {})).body;
  const tracks = `sessions/${sessionId}/tracks`;
  const long = JSON.stringify({ tracks: [], autoDiscover: "x".repeat(1024 * 1024) });
  assert.deepEqual(await refused(`${tracks}/new`, { body: "{" }), [400, "decoding_error"]);
  assert.deepEqual(await refused(`${tracks}/new`, { body: long }), [413, "payload_too_large"]);
  const offer = JSON.stringify({ sessionDescription: { type: "offer", sdp: "v=0" } });
  assert.deepEqual(await refused("sessions/new", { body: offer }), [400, "invalid_params"]);
  assert.deepEqual(await refused(`${tracks}/close`, { body: "{}" }), [405, "invalid_params"]);
  assert.deepEqual(await refused(`${tracks}/change`), [404, "not_found"]);
  assert.deepEqual(await refused("sessions/none", { method: "GET" }), [410, "session_error"]);
});

test("a full one refuses the next session, and goes on with those it has", async () => {
  const few = await DevSfu.start({ maxSessions: 1 });
  const { status, body } = await few.call("POST", "sessions/new");
  assert.equal(status, 201);
  const full = await few.call("POST", "sessions/new");
  assert.equal(full.status, 503);
  assert.equal(full.body.errorCode, "temporarily_unavailable_error");
  const shown = await few.call("GET", `sessions/${body.sessionId}`);
  assert.deepEqual(shown, { status: 200, body: { tracks: [], dataChannels: [] } });
  await few.stop();
});
