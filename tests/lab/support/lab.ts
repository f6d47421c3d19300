// The network that tests/lab/inside has made, and people in it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import path from "node:path";

import { type Browser, type BrowserContext, test as base, chromium } from "@playwright/test";

import type { MediaOptions } from "samewire";

import { Caller } from "../../e2e/support/caller.ts";
import { served } from "../../e2e/support/package-server.ts";
import { Server } from "../../e2e/support/server.ts";
import { tabOf } from "../../e2e/support/tab.ts";
import { DevSfu } from "../../support/dev-sfu.ts";

/** Where the servers are, for everyone. */
const HOST = "10.9.0.1";

/** One way across a link. What is absent is perfect. */
export interface Way {
  /** In milliseconds. */
  delay?: number;
  jitter?: number;
  /** In per cent of packets. */
  loss?: number;
  /** In kbit/s; so many packets wait for it. */
  rate?: number;
  queue?: number;
  /** Nothing passes. */
  cut?: boolean;
}

export type Home = "a" | "b";

const folder = () => {
  const folder = process.env["SAMEWIRE_LAB"];
  if (!folder) throw new Error("these tests need their network: run them by tests/lab/run");
  return folder;
};

/** What the link of a home does from now on, both ways alike or each as it is said. */
export async function link(home: Home, up: Way, down: Way = up): Promise<void> {
  const file = path.join(folder(), `${home}.json`);
  await writeFile(`${file}.new`, JSON.stringify({ up, down }));
  await rename(`${file}.new`, file);
}

/** Runs a command in a namespace. */
export async function within(namespace: string, command: string, input?: string): Promise<void> {
  const child = spawn("ip", ["netns", "exec", namespace, "sh", "-ec", command], {
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  child.stdin?.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${namespace}: ${command}: ${said}`);
}

export interface Router {
  /** `symmetric` gives every far address a port of its own, so that STUN alone leads nowhere. */
  nat: "cone" | "symmetric";
  /** A firewall that lets no UDP out. */
  udp?: boolean;
}

/** What the router of a home does with new flows. */
export async function router(home: Home, { nat, udp = true }: Router): Promise<void> {
  await within(
    `r${home}`,
    "nft -f -",
    `flush ruleset
    table ip nat {
      chain post {
        type nat hook postrouting priority 100;
        oifname "wan" masquerade ${nat === "symmetric" ? "fully-random" : ""}
      }
    }
    table ip guard {
      # What nobody inside asked for. Let in, it would take the port that a flow from inside is about to have.
      chain inward {
        type filter hook input priority 0;
        iifname "wan" ct state new meta l4proto udp drop
      }
      chain through {
        type filter hook forward priority 0;
        ${udp ? "" : "meta l4proto udp drop"}
      }
    }`,
  );
}

const NTH = { a: 1, b: 2 };

/** The home's computer has this address now: 192.168.1.2 at first, or 192.168.2.2. */
export const moves = (home: Home, last = 2) =>
  within(
    home,
    `ip addr flush dev eth0
    ip addr add 192.168.${NTH[home]}.${last}/24 dev eth0
    ip route replace default via 192.168.${NTH[home]}.1`,
  );

/** The home's router has this address now, and has forgotten all flows: 10.9.0.11 at first, or 10.9.0.12. */
export const rebinds = (home: Home, last = 10 + NTH[home]) =>
  within(
    `r${home}`,
    `ip addr flush dev wan
    ip addr add 10.9.0.${last}/24 dev wan
    ip route replace default via ${HOST}`,
  );

/** What two cores encode for four. */
const SMALL: MediaOptions = { audio: true, video: { width: 320, height: 240, frameRate: 10 } };

/** A Chromium in each home. */
type Browsers = Record<Home, Browser>;

export type Come = (home: Home, name: string) => Promise<Caller>;

interface PerTest {
  arrives: (server: Server, home: Home, name: string, media?: MediaOptions) => Promise<Caller>;
  /** Somebody at home a or b, in the call of this test. */
  caller: Come;
  /** The same in a call that four people make too large for peer-to-peer. */
  crowd: Come;
}

interface PerRun {
  server: Server;
  /** One with an SFU besides, which is where the servers are. */
  hybrid: Server;
  browsers: Browsers;
}

/** A Worker for everyone, whose relay is there for them. */
async function serve(more: Record<string, string> = {}): Promise<Server> {
  const urls = ["udp", "tcp"].map((transport) => `turn:${HOST}?transport=${transport}`);
  const hmac = { secret: "TURN_SECRET", ttlSeconds: 3_600 };
  const vars = {
    ICE_SERVERS: JSON.stringify([{ urls: `stun:${HOST}` }, { urls, hmac }]),
    TURN_SECRET: process.env["TURN_SECRET"]!,
    ALLOWED_ORIGINS: "http://localhost",
  };
  return Server.start({ ...vars, ...more }, HOST);
}

/** A test with the network to itself, which is perfect when it begins. */
export const test = base.extend<PerTest, PerRun>({
  server: [
    async ({}, use) => {
      const server = await serve();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  hybrid: [
    async ({}, use) => {
      const sfu = await DevSfu.start({ listenIp: HOST });
      const server = await serve({
        PROVIDERS: JSON.stringify([
          { name: "p2p", kind: "p2p", priority: 1 },
          sfu.provider({ priority: 2 }),
        ]),
        CLOUDFLARE_SFU_SECRET: sfu.secret,
        // Two cores that four browsers and a relay share take their time, and make any way a poor one.
        TUNING: JSON.stringify({ PREPARE_DEADLINE: 15_000, POOR_FOR: 600_000 }),
      });
      await use(server);
      await server.stop();
      await sfu.stop();
    },
    { scope: "worker" },
  ],
  browsers: [
    async ({ launchOptions }, use) => {
      const opens = (home: Home) =>
        chromium.launch({
          ...launchOptions,
          executablePath: path.join(folder(), `chromium-${home}`),
        });
      const [a, b] = await Promise.all([opens("a"), opens("b")]);
      await use({ a, b });
      await Promise.all([a.close(), b.close()]);
    },
    { scope: "worker" },
  ],
  arrives: async ({ browsers }, use, { testId }) => {
    for (const home of ["a", "b"] as const) {
      await link(home, {});
      await moves(home);
      await rebinds(home);
      await router(home, { nat: "cone" });
    }
    const contexts: BrowserContext[] = [];
    await use(async (server, home, name, media) => {
      const permissions = ["camera", "microphone", "local-network-access"];
      const context = await browsers[home].newContext({ permissions });
      contexts.push(context);
      const page = await context.newPage();
      // The page is there, and secure, however the network is.
      await page.route("http://localhost/**", async (route) => {
        const { pathname } = new URL(route.request().url());
        await route.fulfill(await served(pathname));
      });
      const ticket = await server.ticket(`lab-${testId}`, name);
      return Caller.joins(name, tabOf(page), "http://localhost/", ticket, media);
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
  caller: async ({ arrives, server }, use) => {
    await use((home, name) => arrives(server, home, name));
  },
  crowd: async ({ arrives, hybrid }, use) => {
    await use((home, name) => arrives(hybrid, home, name, SMALL));
  },
});
