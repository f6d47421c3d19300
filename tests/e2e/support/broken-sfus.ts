// Stand-ins for what a real server does not do on demand: one that takes every call and answers none, and one whose
// answers are none.

import { WebSocketServer } from "ws";

import { Page } from "./sfus.ts";

/** How a server is broken. */
export type Broken = "silent" | "garbage";

/** A page from which a driver is used, and what it is given. */
export interface BrokenSfu {
  readonly origin: string;
  credentials(): object;
  stop(): Promise<void>;
}

async function cloudflare(how: Broken): Promise<BrokenSfu> {
  const page = await Page.start(async () =>
    how === "silent" ? new Promise<never>(() => {}) : new Response("<title>It works!</title>"),
  );
  return {
    origin: page.origin,
    credentials: () => ({ token: "any" }),
    stop: () => page.stop(),
  };
}

async function janus(how: Broken): Promise<BrokenSfu> {
  const page = await Page.start();
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((listening) => sockets.once("listening", listening));
  const { port } = sockets.address() as { port: number };
  sockets.on("connection", (socket) => {
    socket.on("message", (text) => {
      if (how === "silent") return;
      const { transaction } = JSON.parse(String(text));
      socket.send("<title>It works!</title>");
      socket.send(JSON.stringify({ janus: "success", transaction }));
    });
  });
  return {
    origin: page.origin,
    credentials: () => ({ url: `ws://127.0.0.1:${port}`, token: "any", room_token: "any" }),
    async stop() {
      await page.stop();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((closed) => sockets.close(closed));
    },
  };
}

/** Of each driver. */
export const BROKEN: Record<string, (how: Broken) => Promise<BrokenSfu>> = { cloudflare, janus };
