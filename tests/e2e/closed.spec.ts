// Somebody closes their tab.

import { expect } from "@playwright/test";

import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start({ TUNING: '{"LEASE": 4000, "HEARTBEAT": 1000}' });
});
test.afterAll(async () => {
  await server.stop();
});

test("a closed tab is gone after a lease, although it said that it is hidden", async ({
  person,
}) => {
  const ana = await person(server, "demo-closed", "Ana");
  const copy = await ana.copiesTab();
  await copy.isInCall();
  const last = async () => (await server.snapshot("demo-closed")).participants.at(-1);
  const { id } = await last();
  await copy.closesTab();
  await expect
    .poll(last, { intervals: [50] })
    .toMatchObject({ id, hidden: true, connection: "lost" });
  // A hidden tab that stays would count for two minutes.
  await expect(ana.page.getByTestId("tile")).toHaveCount(1, { timeout: 10_000 });
});
