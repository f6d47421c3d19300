// From browser to browser and through an SFU, as one call: who comes and goes moves everyone together.

import { expect } from "@playwright/test";

import { Hybrid, smallPictures } from "./support/hybrid.ts";
import { type Person, test } from "./support/person.ts";
import { receives, sharesDrawing } from "./support/tracks.ts";

test.describe.configure({ timeout: 240_000 });

let hybrid: Hybrid;
test.beforeAll(async () => {
  hybrid = await Hybrid.start();
});
test.afterAll(async () => {
  await hybrid?.stop();
});

type Join = (server: Hybrid["server"], ...who: [string, string, () => void]) => Promise<Person>;

/** Comes one after another. */
async function come(person: Join, session: string, ...names: string[]): Promise<Person[]> {
  const people = [];
  for (const name of names) people.push(await person(hybrid.server, session, name, smallPictures));
  return people;
}

test("the fourth who comes takes everyone to an SFU, and when people leave it is direct again", async ({
  person,
}) => {
  const session = "demo-hybrid";
  const people = await come(person, session, "Ana", "Ben", "Cleo");
  const [ana, ben] = people as [Person, Person, Person];
  await hybrid.areTogether(people, session);
  expect(await hybrid.provider(session)).toBe("p2p");
  await ana.press("toggle-microphone");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  await ben.says("before");
  await sharesDrawing(ben, 320, 180);
  await receives(ana, "Ben", "screen", 320 / 180);

  people.push(...(await come(person, session, "Dan")));
  await hybrid.isOn(session, "cloudflare");
  await hybrid.areTogether(people, session);
  for (const one of people.filter((one) => one !== ben)) {
    await receives(one, "Ben", "screen", 320 / 180);
  }
  for (const one of people.filter((one) => one !== ana)) {
    await expect(one.tile("Ana")).toHaveAttribute("data-mic", "off");
  }
  // One connection carries everyone; those of the mesh are closed.
  for (const one of people) {
    await expect.poll(async () => (await one.connections()).open, { message: one.name }).toBe(1);
  }
  await ana.press("toggle-microphone");
  await Promise.all(people.slice(1).map((one) => receives(one, "Ana", "microphone")));

  people.push(...(await come(person, session, "Eve")));
  await hybrid.areTogether(people, session);
  expect(await hybrid.provider(session)).toBe("cloudflare");

  for (const one of people.splice(3)) await one.press("leave");
  await hybrid.isOn(session, "p2p");
  await hybrid.areTogether(people, session);
  await receives(ana, "Ben", "screen", 320 / 180);
  for (const one of people) {
    // Those of the mesh, and one that is warm for a fourth.
    await expect.poll(async () => (await one.connections()).open, { message: one.name }).toBe(3);
    await one.openChat();
    expect(await one.chat()).toEqual(["before"]);
    expect(one.complaints).toEqual([]);
  }
  const committed = await hybrid.log(session, "committed");
  expect(committed.map(({ provider, cause }) => [provider, cause])).toEqual([
    ["cloudflare", "grew"],
    ["p2p", "returned"],
  ]);
  expect(await hybrid.log(session, "aborted")).toEqual([]);
});

test("an SFU that dies under four people leaves them all on the other one", async ({ person }) => {
  const session = "demo-dies";
  const people = await come(person, session, "Ana", "Ben", "Cleo", "Dan");
  await hybrid.isOn(session, "cloudflare");
  await hybrid.areTogether(people, session);
  await hybrid.sfu.kill();
  try {
    await hybrid.isOn(session, "janus");
    await hybrid.areTogether(people, session);
    const [last] = (await hybrid.log(session, "committed")).slice(-1);
    expect(last).toMatchObject({ provider: "janus", cause: "failed", urgent: true });
  } finally {
    await hybrid.sfu.restart();
  }
});

test("@long two who are pinned to an SFU that dies talk directly", async ({ person }) => {
  const session = "demo-pinned";
  const people = await come(person, session, "Ana", "Ben");
  await hybrid.areTogether(people, session);
  await hybrid.server.change(session, "POST", "/switch", { provider: "cloudflare" });
  await hybrid.isOn(session, "cloudflare");
  await hybrid.areTogether(people, session);
  await hybrid.sfu.kill();
  try {
    await hybrid.isOn(session, "p2p");
    await hybrid.areTogether(people, session);
  } finally {
    await hybrid.sfu.restart();
  }
});

test("R12: someone who cannot reach the SFU changes nothing for anyone", async ({ person }) => {
  const session = "demo-blocked";
  const people = await come(person, session, "Ana", "Ben", "Cleo");
  const [ana] = people as [Person];
  await hybrid.areTogether(people, session);
  await ana.page.route("**/v1/sfu/**", (route) => route.abort());
  await ana.page.routeWebSocket(hybrid.janus.url, (socket) => void socket.close());
  const made = async () => Promise.all(people.map(async (one) => (await one.connections()).open));
  for (const one of people) await one.page.evaluate(noteTransitions);
  const dan = await person(hybrid.server, session, "Dan", smallPictures);
  await expect
    .poll(async () => (await hybrid.log(session, "aborted")).map(({ provider }) => provider))
    .toEqual(["cloudflare", "janus"]);
  expect(await hybrid.provider(session)).toBe("p2p");
  await hybrid.areTogether([...people, dan], session);
  for (const one of people) {
    expect(await one.page.evaluate(() => (window as any).transitions)).toContain("failed");
    expect(one.complaints).toEqual([]);
  }
  // The mesh as it was, with the newcomer in it, and nothing that is left over of the SFUs.
  await expect.poll(made).toEqual(people.map(() => 3));
});

/** Keeps what the page is told of transitions. Runs in the page. */
function noteTransitions() {
  const told: string[] = ((window as any).transitions = []);
  for (const what of ["started", "failed", "completed"] as const) {
    window.samewireCall!.on(`transition:${what}`, () => void told.push(what));
  }
}
