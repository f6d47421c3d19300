// Join → first remote frame: two pages of one Chromium with the npm package, fake cameras, and the
// Worker in workerd between them.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type Page, chromium } from "@playwright/test";

import { Runtime } from "../tests/integration/support/runtime.ts";
import config from "../tests/playwright.config.ts";
import { type Table, ms, percentile } from "./figures.ts";

const WARM_UP = 2;
const RUNS = 30;

const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title>
<video autoplay muted playsinline></video>
<script type="module">window.samewire = await import("/index.js");</script>`;

declare global {
  interface Window {
    samewire: typeof import("samewire");
    call: import("samewire").Call;
  }
}

/** What `join` takes, but for the media. */
interface Ticket {
  url: string;
  token: string;
}

export async function firstFrames(): Promise<Table> {
  const started: (() => unknown)[] = [];
  try {
    const pages = await servePages();
    started.push(() => pages.close());
    const origin = `http://localhost:${(pages.address() as AddressInfo).port}`;
    const runtime = await Runtime.start({ ALLOWED_ORIGINS: origin });
    started.push(() => runtime.stop());
    const browser = await chromium.launch(config.use!.launchOptions);
    started.push(() => browser.close());
    const samples: number[] = [];
    const first = await browser.newPage();
    await open(first, origin);
    for (let run = -WARM_UP; run < RUNS; run += 1) {
      const session = randomUUID();
      const ticket = async (userId: string): Promise<Ticket> => ({
        url: runtime.socketUrl(session),
        token: await runtime.token(session, { userId }),
      });
      await first.evaluate(join, await ticket("first"));
      // A page of its own every time: it has nothing loaded but the JavaScript.
      const second = await browser.newPage();
      await open(second, origin);
      const sample = await second.evaluate(joinUntilFirstFrame, await ticket("second"));
      if (run >= 0) samples.push(sample);
      await second.evaluate(() => window.call.leave());
      await second.close();
      await first.evaluate(() => window.call.leave());
    }
    return table(samples);
  } finally {
    for (const stop of started.toReversed()) await stop();
  }
}

/** Serves the npm package as it was built, and a page that imports it. */
async function servePages(): Promise<Server> {
  const dist = new URL("../wasm-client/npm/dist/", import.meta.url);
  const files = new Map<string, { type: string; content: string | Buffer }>([
    ["/", { type: "text/html", content: PAGE }],
    ["/index.js", { type: "text/javascript", content: await readFile(new URL("index.js", dist)) }],
    [
      "/samewire.wasm",
      { type: "application/wasm", content: await readFile(new URL("samewire.wasm", dist)) },
    ],
  ]);
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" });
    response.end(file?.content);
  });
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  return server;
}

async function open(page: Page, origin: string) {
  await page.goto(origin);
  await page.waitForFunction(() => "samewire" in window);
}

async function join(ticket: Ticket) {
  window.call = await window.samewire.join({ ...ticket, media: { audio: true, video: true } });
}

/** Milliseconds from calling `join` to the first picture of somebody else. */
async function joinUntilFirstFrame(ticket: Ticket): Promise<number> {
  const video = document.querySelector("video")!;
  const began = performance.now();
  const seen = new Promise<number>((resolve) =>
    video.requestVideoFrameCallback(() => resolve(performance.now() - began)),
  );
  const call = await window.samewire.join({ ...ticket, media: { audio: true, video: true } });
  window.call = call;
  const show = () => {
    const others = call.participants.filter((participant) => !participant.self);
    const camera = others.flatMap((p) => p.tracks).find((t) => t.source === "camera" && t.track);
    if (camera && !video.srcObject) video.srcObject = new MediaStream([camera.track!]);
  };
  call.on("participant", show);
  show();
  return seen;
}

function table(samples: number[]): Table {
  const [p50, p95, p99] = [50, 95, 99].map((percent) => ms(percentile(samples, percent)));
  return {
    title: "Join → first remote frame, in milliseconds",
    columns: ["what", "n", "p50", "p95", "p99"],
    rows: [
      {
        cells: ["the second of two pages", samples.length, p50!, p95!, p99!],
        includes: `from calling \`join()\` in a fresh page to \`requestVideoFrameCallback\` for the \
first picture of the page that is there already: the WebAssembly loaded from localhost and compiled, \
the fake camera and microphone opened, the socket and \`welcome\`, the negotiation in both directions \
with audio, host candidates, DTLS, and the first frame decoded. Both pages, the Worker and Chromium \
share the machine. With ${samples.length} runs the p99 is the slowest`,
      },
    ],
  };
}
