// What the page itself owes to whoever uses it: focus, words that go when they are stale, a mute that stays.

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

const toasts = ({ page }: Person) => page.getByTestId("notice").locator(".toast");

test("whoever enters a call stands on its heading", async ({ person }) => {
  const ana = await person(server, "demo-focus", "Ana");
  await expect(ana.page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(ana.page.getByRole("heading", { level: 1 })).toHaveText(/demo-focus/);
});

test("a line of the chat is shown once: opening the chat takes its toast away", async ({
  person,
}) => {
  const ana = await person(server, "demo-toast", "Ana");
  const ben = await person(server, "demo-toast", "Ben");
  await ben.says("hello");
  // "Ben joined" may stand beside it: that toast goes in its own time.
  const said = toasts(ana).filter({ hasText: "Ben: hello" });
  await expect(said).toHaveCount(1);
  await ana.openChat();
  // Well before it would have gone by itself.
  await expect(said).toHaveCount(0, { timeout: 1_000 });
});

test("what was said in a call is gone when it is over", async ({ person }) => {
  const ana = await person(server, "demo-over", "Ana");
  await ana.page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.resolve();
  });
  await ana.press("copy-link");
  await expect(toasts(ana)).toHaveText([/Link copied/]);
  await ana.press("leave");
  await expect(ana.page.getByTestId("over")).toBeVisible();
  await expect(toasts(ana)).toHaveCount(0, { timeout: 1_000 });
});

test("whoever comes back is as muted as they were, by rejoining and by the lobby", async ({
  person,
}) => {
  const ana = await person(server, "demo-muted", "Ana");
  const microphone = ana.page.getByTestId("toggle-microphone");
  await microphone.click();
  await expect(microphone).toHaveAttribute("aria-pressed", "false");
  await ana.press("leave");
  await ana.press("rejoin");
  await ana.isInCall();
  await expect(microphone).toHaveAttribute("aria-pressed", "false");
  await expect(ana.page.getByTestId("toggle-camera")).toHaveAttribute("aria-pressed", "true");

  await ana.press("leave");
  await ana.page.goto(`${server.origin}/?session=demo-muted&name=Ana`);
  const lobby = (device: string) => ana.page.getByTestId(`lobby-${device}`);
  await expect(lobby("camera")).toHaveAttribute("aria-pressed", "true");
  await expect(lobby("microphone")).toHaveAttribute("aria-pressed", "false");
  await ana.press("lobby-join");
  await ana.isInCall();
  await expect(microphone).toHaveAttribute("aria-pressed", "false");
});

test("a server that answers with 503 is called unreachable, not a refusal", async ({ person }) => {
  const ana = await person(server, "demo-503", "Ana");
  await ana.press("leave");
  await ana.page.route("**/demo/token", (route) => route.fulfill({ status: 503, body: "{}" }));
  await ana.press("rejoin");
  await expect(ana.page.getByTestId("over")).toHaveAttribute("data-code", "unreachable");
});
