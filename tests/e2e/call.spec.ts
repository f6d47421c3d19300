// Two real browsers in one call, through one Durable Object.

import { expect } from "@playwright/test";

import { type Person, test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

type Join = (server: Server, session: string, name: string) => Promise<Person>;

async function pair(person: Join, session: string) {
  const ana = await person(server, session, "Ana");
  const ben = await person(server, session, "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  return { ana, ben };
}

test("each decodes the other's video and receives its audio, and the session knows who sees whom", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-media");
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
  await expect(ana.page.getByTestId("participant-count")).toHaveAttribute("data-count", "2");

  await expect
    .poll(async () => {
      const { participants } = await server.snapshot("demo-media");
      const [a, b] = participants;
      return a.sees.includes(b.id) && b.sees.includes(a.id);
    })
    .toBe(true);
  const snapshot = await server.snapshot("demo-media");
  expect(snapshot).toMatchObject({
    provider: "p2p",
    epoch: 1,
    room: "demo-media",
    state: "active",
  });
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
  // Nothing on the page names a provider.
  expect(await ana.page.locator("body").innerText()).not.toMatch(/p2p|peer.to.peer|sfu/i);
});

test("chat arrives once, in order, on both sides", async ({ person }) => {
  const { ana, ben } = await pair(person, "demo-chat");
  await ben.openChat();
  const lines = ["one", "two", "three <b>not bold</b>", "four", "five"];
  for (const [i, line] of lines.entries()) await (i % 2 === 0 ? ana : ben).says(line);
  for (const one of [ana, ben]) {
    await expect.poll(async () => (await one.chat()).length).toBeGreaterThanOrEqual(5);
  }
  const heard = await ana.chat();
  expect([...heard].sort()).toEqual([...lines].sort());
  expect(await ben.chat()).toEqual(heard);
  // Of one sender, in the order in which it was said.
  const of = (all: string[], odd: number) => all.filter((_, i) => i % 2 === odd);
  expect(heard.filter((line) => of(lines, 0).includes(line))).toEqual(of(lines, 0));
  expect(heard.filter((line) => of(lines, 1).includes(line))).toEqual(of(lines, 1));
});

test("muting is seen on the other side, sends nothing, and comes back without a new connection", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-mute");
  await ana.press("toggle-microphone");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  await ana.press("toggle-camera");
  await expect(ben.tile("Ana")).toHaveAttribute("data-camera", "off");
  await expect(ana.tile("Ben")).toHaveAttribute("data-mic", "on");

  // Nothing arrives any more: the count stands still while Ana's own receiving goes on.
  await expect
    .poll(async () => {
      const before = await ben.received();
      const seen = await ana.received();
      await expect
        .poll(async () => (await ana.received()).audioPackets - seen.audioPackets)
        .toBeGreaterThan(20);
      return (await ben.received()).audioPackets - before.audioPackets;
    })
    .toBe(0);

  const { made } = await ben.connections();
  await ana.press("toggle-microphone");
  await ana.press("toggle-camera");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "on");
  await expect(ben.tile("Ana")).toHaveAttribute("data-camera", "on");
  await ben.receivesMedia();
  await ben.sees("Ana");
  expect((await ben.connections()).made).toBe(made);
});

test("leaving is seen within a second", async ({ person }) => {
  const { ana, ben } = await pair(person, "demo-leave");
  const left = Date.now();
  await ben.press("leave");
  await expect(ana.tile("Ben")).toHaveCount(0, { timeout: 1_000 });
  test.info().annotations.push({ type: "seen after", description: `${Date.now() - left} ms` });
  await expect(ben.page.getByTestId("over")).toBeVisible();
  await expect(ana.page.getByTestId("alone")).toBeVisible();
  expect((await ana.connections()).open).toBe(0);
  expect((await ben.connections()).open).toBe(0);
});

test("a reload rejoins as the same participant, in a new generation", async ({ person }) => {
  const { ana, ben } = await pair(person, "demo-reload");
  const before = await server.snapshot("demo-reload");
  await ben.page.reload();
  await ben.isInCall();
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  const after = await server.snapshot("demo-reload");
  expect(after.epoch).toBe(before.epoch);
  expect(after.participants.map((p: any) => [p.id, p.ordinal, p.generation])).toEqual([
    [before.participants[0].id, 1, 1],
    [before.participants[1].id, 2, 2],
  ]);
  await expect(ana.tile("Ben")).toHaveCount(1);
});

test("three see and hear each other", async ({ person }) => {
  const people = [];
  for (const name of ["Ana", "Ben", "Cleo"]) {
    people.push(await person(server, "demo-three", name));
  }
  for (const one of people) {
    for (const other of people) if (other !== one) await one.sees(other.name);
  }
  const snapshot = await server.snapshot("demo-three");
  expect(snapshot.participants).toHaveLength(3);
});
