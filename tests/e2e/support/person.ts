// Somebody in front of the demo page.

import {
  type Browser,
  type BrowserContext,
  type Locator,
  type Page,
  expect,
  test as base,
} from "@playwright/test";

import { type Received, connections, keepConnections, received } from "./connections.ts";
import type { Server } from "./server.ts";
import { type Tab, tabOf } from "./tab.ts";

export class Person {
  readonly name: string;
  readonly page: Page;
  /** The page, for what is done in any browser. */
  readonly tab: Tab;
  /** What the page logged as errors; a call that works logs none. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name;
    this.#context = context;
    this.page = page;
    this.tab = tabOf(page);
    page.on("pageerror", (error) => this.complaints.push(error.message));
  }

  /** Opens the link of a session, in a browser profile of its own, where `before` runs first. */
  static async arrive(
    browser: Browser,
    server: Server,
    session: string,
    name: string,
    before?: () => void,
  ) {
    const context = await browser.newContext({ permissions: ["camera", "microphone"] });
    const page = await context.newPage();
    await page.addInitScript(keepConnections);
    if (before) await page.addInitScript(before);
    const person = new Person(name, context, page);
    await page.goto(`${server.origin}/?session=${session}&name=${name}&join=1`);
    return person;
  }

  async isInCall() {
    await expect(this.page.getByTestId("call-state")).toHaveAttribute("data-state", "connected");
  }

  /** The tile of somebody else. */
  tile(name: string): Locator {
    return this.page
      .locator('[data-testid="tile"]:not([data-self="true"])')
      .filter({ hasText: name });
  }

  /** Waits until this one decodes the video of somebody, and it is a picture. */
  async sees(name: string) {
    const video = this.tile(name).locator("video");
    await expect
      .poll(() => video.evaluate(brightness), { message: `${this.name} sees ${name}` })
      .toBeGreaterThan(20);
  }

  /** Waits until the video of everyone else that is decoded grows by another thirty frames. */
  async receivesMedia() {
    let before = await this.received();
    await expect
      .poll(
        async () => {
          const now = await this.received();
          const frames = now.framesDecoded - before.framesDecoded;
          const packets = now.audioPackets - before.audioPackets;
          // A connection was closed, and counts no more.
          if (frames < 0 || packets < 0) before = now;
          return frames >= 30 && packets >= 30;
        },
        { message: `${this.name} receives video and audio` },
      )
      .toBe(true);
  }

  /** The sum over all connections of the page that are open. */
  received(): Promise<Received> {
    return this.page.evaluate(received);
  }

  /** How many connections the page has made and not closed, and how many in all. */
  connections(): Promise<{ open: number; made: number }> {
    return this.page.evaluate(connections);
  }

  async press(control: string) {
    await this.page.getByTestId(control).click();
  }

  async says(text: string) {
    const input = this.page.getByTestId("chat-input");
    if (!(await input.isVisible())) await this.press("toggle-chat");
    await input.fill(text);
    await input.press("Enter");
  }

  async openChat() {
    if (!(await this.page.getByTestId("chat-input").isVisible())) await this.press("toggle-chat");
  }

  /** What stands in this one's chat, line by line. */
  chat(): Promise<string[]> {
    return this.page.getByTestId("chat-text").allInnerTexts();
  }

  /** Duplicates the tab, session storage and all. */
  async copiesTab(): Promise<Person> {
    const [page] = await Promise.all([
      this.page.waitForEvent("popup"),
      this.page.evaluate(() => {
        window.open(location.href);
      }),
    ]);
    return new Person(this.name, this.#context, page);
  }

  /** As by its cross: the browser says that the page is hidden, and goes. */
  async closesTab() {
    await Promise.all([
      this.page.waitForEvent("close"),
      this.page.evaluate(() => setTimeout(() => window.close())),
    ]);
  }

  async closesBrowser() {
    await this.#context.close();
  }
}

type Come = (
  server: Server,
  session: string,
  name: string,
  /** Runs in the page before anything of its own. */
  before?: () => void,
) => Promise<Person>;

/** A test with people who close their browsers when it ends. */
export const test = base.extend<{
  /** Somebody who is in the call. */
  person: Come & {
    /** Somebody who is only on the way into it. */
    arrives: Come;
  };
}>({
  person: async ({ browser }, use) => {
    const people: Person[] = [];
    const arrives: Come = async (...who) => {
      const person = await Person.arrive(browser, ...who);
      people.push(person);
      return person;
    };
    const joins: Come = async (...who) => {
      const person = await arrives(...who);
      await person.isInCall();
      return person;
    };
    await use(Object.assign(joins, { arrives }));
    await Promise.all(people.map((person) => person.closesBrowser()));
  },
});

/** The mean brightness of a video's picture, 0 to 255; 0 before there is one. */
function brightness(video: SVGElement | HTMLElement): number {
  const element = video as HTMLVideoElement;
  if (element.videoWidth === 0) return 0;
  const canvas = new OffscreenCanvas(32, 32);
  const context = canvas.getContext("2d")!;
  context.drawImage(element, 0, 0, 32, 32);
  const { data } = context.getImageData(0, 0, 32, 32);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += data[i]! + data[i + 1]! + data[i + 2]!;
  return sum / (3 * 32 * 32);
}
