// What a call tells whoever looks for a fault.

import { expect } from "@playwright/test";

import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

test("a call's trace has its states, decisions and samples, in order, and nothing of anybody", async ({
  person,
}) => {
  const ana = await person(server, "demo-trace", "Ana-Maria", () => {
    localStorage.setItem("debug", "samewire:ice,samewire:switch");
  });
  const printed: string[] = [];
  ana.page.on("console", (message) => printed.push(message.text()));
  const ben = await person(server, "demo-trace", "Benedikt");
  await Promise.all([ana.sees("Benedikt"), ben.sees("Ana-Maria")]);
  const trace = () => ana.page.evaluate(() => window.samewireCall!.trace());
  const happened = async () => (await trace()).entries.map(({ what }) => what);
  await ben.page.evaluate(() => window.samewireCall!.chat("a line of nobody's business"));
  await ana.page.evaluate(() => window.samewireCall!.simulate("ice-failure"));
  // Whoever notices first restarts, and both negotiate.
  const healed = async () => {
    const all = await happened();
    return all.indexOf("simulate") >= 0 && all.lastIndexOf("negotiated") > all.indexOf("simulate");
  };
  await expect.poll(healed, { message: "negotiated after the fault" }).toBe(true);
  for (const what of ["quality-update", "chat"])
    await expect.poll(happened, { message: what }).toContain(what);
  await ana.receivesMedia();

  const { entries, began, dropped } = await trace();
  expect(dropped).toBe(0);
  expect(began).toBeLessThanOrEqual(Date.now());
  const whats = entries.map(({ what }) => what);
  const order = ["welcome", "negotiated", "connection-state", "simulate"];
  const places = order.map((what) => whats.indexOf(what));
  expect(places, `${order}`).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThanOrEqual(0);
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).sort((a, b) => a - b));
  const spaces = new Set(entries.map(({ namespace }) => namespace));
  expect([...spaces].sort()).toEqual(["ice", "link", "negotiation", "quality", "switch"]);
  expect(entries.find(({ what }) => what === "quality-update")).toHaveProperty("score");
  const candidates = entries.flatMap(({ candidate }) => candidate ?? []);
  expect(candidates).toContain("host/udp");

  const kept = JSON.stringify(entries);
  const forbidden = ["Ana-Maria", "Benedikt", "nobody's business", "a=ice", "candidate:", "eyJ"];
  for (const one of [...forbidden, ".local", "127.0.0.1"]) expect(kept).not.toContain(one);
  // Only the namespaces that were asked for are printed.
  const named = new Set(printed.flatMap((line) => /^samewire:\w+/.exec(line)?.[0] ?? []));
  expect([...named].sort()).toEqual(["samewire:ice", "samewire:switch"]);
});
