// What a call must live with: browsers that refuse, tabs that are copied, people who vanish.

import { expect } from "@playwright/test";

import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start({ TUNING: '{"LEASE": 120000, "HIDDEN_LEASE": 120000}' });
});
test.afterAll(async () => {
  await server.stop();
});

test("a connection that the browser would not make is tried again, whoever initiates", async ({
  person,
}) => {
  const ana = await person(server, "demo-refused", "Ana");
  await ana.page.evaluate(refuseConnectionOnce);
  const ben = await person(server, "demo-refused", "Ben", refuseConnectionOnce);
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  for (const one of [ana, ben]) {
    expect(await one.page.evaluate(() => (window as any).refused)).toBe(true);
  }
});

test("while no connection can be made, trying goes on and nobody is called good", async ({
  person,
}) => {
  const ana = await person(server, "demo-never", "Ana");
  await ana.page.evaluate(() => {
    (window as any).tries = 0;
    window.RTCPeerConnection = class {
      constructor() {
        (window as any).tries += 1;
        throw new DOMException("", "UnknownError");
      }
    } as any;
  });
  const ben = await person.arrives(server, "demo-never", "Ben");
  const tries = () => ana.page.evaluate(() => (window as any).tries);
  await expect.poll(tries).toBeGreaterThan(2);
  await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "connecting");
  await expect(ben.page.getByTestId("call-state")).toHaveAttribute("data-state", "connecting");
});

test("nobody waits for a ghost", async ({ person }) => {
  const ghost = await person(server, "demo-ghost", "Ghost");
  await ghost.closesBrowser();
  await expect
    .poll(async () => (await server.snapshot("demo-ghost")).participants[0].connection)
    .toBe("lost");
  const ana = await person(server, "demo-ghost", "Ana");
  await expect(ana.tile("Ghost")).toHaveAttribute("data-connection", "lost");
  const ben = await person(server, "demo-ghost", "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
});

test("a copied tab is one more person, and stays the same one through reloads", async ({
  person,
}) => {
  const ana = await person(server, "demo-copy", "Ana");
  const everyone = async () =>
    (await server.snapshot("demo-copy")).participants.map((one: any) => one.id);
  const [first] = await everyone();
  const copy = await ana.copiesTab();
  await copy.isInCall();
  const both = await everyone();
  expect(both).toEqual([first, expect.any(String)]);
  for (let times = 0; times < 3; times += 1) {
    await copy.page.reload();
    await copy.isInCall();
    expect(await everyone()).toEqual(both);
  }
  await ana.page.reload();
  await ana.isInCall();
  expect(await everyone()).toEqual(both);
});

for (const [what, refuse] of Object.entries({
  throws: () => {
    navigator.locks.request = () => {
      throw new DOMException("", "SecurityError");
    };
  },
  rejects: () => {
    navigator.locks.request = () => Promise.reject(new DOMException("", "SecurityError"));
  },
})) {
  test(`a lock manager that ${what} is as good as none`, async ({ person }) => {
    const ana = await person(server, `demo-locks-${what}`, "Ana", refuse);
    expect(ana.complaints).toEqual([]);
  });
}

/** The next connection cannot be made, as in Chromium while it is offline. */
function refuseConnectionOnce() {
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class {
    constructor() {
      window.RTCPeerConnection = Real;
      (window as any).refused = true;
      throw new DOMException("", "UnknownError");
    }
  } as any;
}
