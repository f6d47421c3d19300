// Join → first remote frame: two pages of one Chromium, fake cameras, and signalling of its own kind
// between them; Samewire, and what is used in its place, in turns.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type Page, chromium } from "@playwright/test";
import { WebSocketServer } from "ws";

import { BundleServer } from "../tests/e2e/support/bundle-server.ts";
import { installed } from "../tests/e2e/support/packages.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import config from "../tests/playwright.config.ts";
import { type Table, ms, percentile } from "./figures.ts";

const WARM_UP = 2;
const RUNS = 30;

/** What a page of `bench/pages` takes to come into a call. */
type Ticket = Record<string, string | number>;

declare global {
  interface Window {
    waits: (ticket: Ticket) => Promise<void>;
    /** Milliseconds from calling it to the first picture of who waits. */
    joins: (ticket: Ticket) => Promise<number>;
    leaves: () => Promise<void>;
  }
}

interface Contestant {
  name: string;
  includes: string;
  page: BundleServer;
  /** One for who waits, one for who comes. */
  tickets: () => Promise<[Ticket, Ticket]>;
  samples: number[];
}

export async function firstFrames(): Promise<Table> {
  const started: (() => unknown)[] = [];
  try {
    const contestants = await meet(started);
    const browser = await chromium.launch(config.use!.launchOptions);
    started.push(() => browser.close());
    const waiting = new Map<Contestant, Page>();
    for (const one of contestants) waiting.set(one, await open(await browser.newPage(), one));
    for (let run = -WARM_UP; run < RUNS; run += 1) {
      for (const one of contestants) {
        const [first, second] = await one.tickets();
        const waits = waiting.get(one)!;
        await waits.evaluate((ticket) => window.waits(ticket), first);
        // A page of its own every time: it has nothing loaded but the JavaScript.
        const page = await open(await browser.newPage(), one);
        const sample = await page.evaluate((ticket) => window.joins(ticket), second);
        if (run >= 0) one.samples.push(sample);
        await page.evaluate(() => window.leaves());
        await page.close();
        await waits.evaluate(() => window.leaves());
      }
    }
    return table(contestants);
  } finally {
    for (const stop of started.toReversed()) await stop();
  }
}

async function meet(started: (() => unknown)[]): Promise<Contestant[]> {
  const packages = await installed("bench/packages", "bench-packages");
  const serve = async (name: string) => {
    const entry = new URL(`pages/${name}.js`, import.meta.url).pathname;
    const page = await BundleServer.of(entry, packages, { minify: true });
    started.push(() => page.stop());
    return { name, page, samples: [] };
  };
  const samewire = await serve("samewire");
  const runtime = await Runtime.start({ ALLOWED_ORIGINS: samewire.page.origin });
  started.push(() => runtime.stop());
  const { PeerServer } = createRequire(`${packages}/`)("peer");
  const brokerage = await new Promise<Server>((listening) =>
    PeerServer({ port: 0, host: "localhost", path: "/" }, listening),
  );
  started.push(() => brokerage.close());
  const relay = await startRelay();
  started.push(() => relay.close());
  const port = (server: Server) => (server.address() as AddressInfo).port;
  return [
    {
      ...samewire,
      includes: SAMEWIRE,
      tickets: async () => {
        const session = randomUUID();
        const url = runtime.socketUrl(session);
        const token = (userId: string) => runtime.token(session, { userId });
        return [
          { url, token: await token("first") },
          { url, token: await token("second") },
        ];
      },
    },
    {
      ...(await serve("peerjs")),
      includes: PEERJS,
      tickets: async () => {
        const ticket = { port: port(brokerage), name: randomUUID() };
        return [ticket, ticket];
      },
    },
    {
      ...(await serve("simple-peer")),
      includes: SIMPLE_PEER,
      tickets: async () => {
        const ticket = { relay: `ws://localhost:${port(relay)}/${randomUUID()}` };
        return [ticket, ticket];
      },
    },
  ];
}

/** Hands on what one says to whoever else came by the same address. */
async function startRelay(): Promise<Server> {
  const server = createServer();
  const rooms = new WebSocketServer({ server });
  const places = new WeakMap<object, string>();
  rooms.on("connection", (socket, { url }) => {
    places.set(socket, url!);
    socket.on("message", (data) => {
      for (const other of rooms.clients) {
        if (other !== socket && places.get(other) === url) other.send(String(data));
      }
    });
  });
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  return server;
}

async function open(page: Page, { page: server }: Contestant): Promise<Page> {
  await page.goto(server.origin);
  await page.waitForFunction(() => "joins" in window);
  return page;
}

function table(contestants: Contestant[]): Table {
  return {
    title: "Join → first remote frame, in milliseconds",
    columns: ["what", "n", "p50", "p95", "p99"],
    rows: contestants.map(({ name, samples, includes }) => ({
      cells: [name, samples.length, ...[50, 95, 99].map((p) => ms(percentile(samples, p)))],
      includes,
    })),
  };
}

const SAMEWIRE = `from calling \`join()\` in a fresh page to \`requestVideoFrameCallback\` for the \
first picture of the page that is there already: the WebAssembly loaded from localhost and compiled, \
the fake camera and microphone opened, the socket and \`welcome\`, the negotiation in both directions \
with audio, host candidates, DTLS, and the first frame decoded. Both pages, the Worker and Chromium \
share the machine; the three are measured in turns. With ${RUNS} runs the p99 is the slowest`;

const PEERJS = `the same with the npm packages \`peerjs\` and, for its signalling, \`peer\`: from \
\`new Peer()\` in a fresh page, whose camera opens meanwhile, to the first picture of the page that it \
calls and that answers. No STUN, no TURN. Nothing checks a token, stores, or decides`;

const SIMPLE_PEER = `the same with \`simple-peer\`, and a WebSocket relay of a few lines for its \
signalling, from opening the socket. Nothing checks a token, stores, or decides`;
