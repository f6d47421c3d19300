// The Negotiator by itself, in a real browser, over a signalling path that delays.

import { expect, test, type Page } from "@playwright/test";

import { delays } from "./support/delays.ts";
import { PackageServer } from "./support/package-server.ts";

/** How many it takes to call it always. */
const COLLISIONS = 1_000;

let server: PackageServer;

test.beforeAll(async () => {
  server = await PackageServer.start();
});

test.afterAll(async () => {
  await server.stop();
});

test.beforeEach(({ page }) => page.addInitScript(delays));

interface Outcome {
  /** Both sides are stable and agree. */
  settled: boolean;
  /** Both are connected, and data went both ways. */
  flows: boolean;
  gathering: string[];
  states: string[];
  /** Of either side: each is told of a collision by itself, or not at all. */
  glares: number;
  /** That the impolite side was told of: one for each offer of the other that it ignored. */
  collisions: number;
  negotiated: number;
  errors: string[];
  lines: number[];
  opened: number;
  echoed: number;
  /** Candidates that each side has sent. */
  candidates: number[];
}

interface Plan {
  seed: number;
  longest: number;
  rounds: number;
  media: boolean;
  /** In which rounds ICE is restarted, too. */
  restarts: "never" | "odd" | "all";
}

/** Two connections in one page, both renegotiating at once, round after round. */
function collide(page: Page, plan: Plan): Promise<Outcome> {
  return page.evaluate(async ({ seed, longest, rounds, media, restarts }) => {
    const { init, Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
    await init();

    // Descriptions and candidates travel in channels of their own: each in order, either overtaking
    // the other.
    const { random, channel, until } = window.delays(seed, longest);

    const errors: string[] = [];
    const candidates = [0, 0];
    let glares = 0;
    let collisions = 0;
    let negotiated = 0;
    const connections = [new RTCPeerConnection(), new RTCPeerConnection()];
    const paths: ((message: any) => void)[][] = [];
    const negotiators = connections.map((connection, side) => {
      paths[side] = [0, 1].map(() =>
        channel((message: any) => negotiators[1 - side]!.receive(structuredClone(message))),
      );
      const negotiator = new Negotiator({
        connection,
        polite: side === 1,
        send: (message) => {
          const path = "description" in message ? 0 : 1;
          candidates[side]! += path;
          paths[side]![path]!(message);
        },
      });
      negotiator.on("error", (error) => errors.push(`${side}: ${error.code}`));
      negotiator.on("glare", ({ role }) => {
        glares += 1;
        if (role === "impolite") collisions += 1;
      });
      negotiator.on("negotiated", () => (negotiated += 1));
      return negotiator;
    });

    let opened = 0;
    let echoed = 0;
    for (const connection of connections) {
      connection.ondatachannel = ({ channel }) => {
        opened += 1;
        channel.onmessage = ({ data }) => channel.send(data);
      };
    }
    const agreed = () =>
      connections.every((one, side) => {
        const other = connections[1 - side]!;
        return (
          one.signalingState === "stable" &&
          one.currentLocalDescription?.sdp?.split("m=").length ===
            other.currentRemoteDescription?.sdp?.split("m=").length &&
          one.getTransceivers().every(({ currentDirection }) => currentDirection !== null)
        );
      });

    const known = (one: RTCPeerConnection) => ({
      lines: one.getTransceivers().length,
      ufrag: /a=ice-ufrag:(\S+)/.exec(one.currentLocalDescription?.sdp ?? "")?.[1],
    });

    for (const connection of connections) {
      const channel = connection.createDataChannel("echo");
      channel.onopen = () => channel.send("hello");
      channel.onmessage = () => (echoed += 1);
    }
    let settled = true;
    for (let round = 0; round < rounds && settled; round += 1) {
      const restart = restarts === "all" || (restarts === "odd" && round % 2 === 1);
      const before = connections.map(known);
      connections.forEach((connection, side) => {
        setTimeout(() => {
          if (media) connection.addTransceiver(round % 2 ? "audio" : "video");
          if (restart) negotiators[side]!.restartIce();
        }, random() * longest);
      });
      const done = () =>
        connections.map(known).every(({ lines, ufrag }, side) => {
          const { lines: fewer, ufrag: old } = before[side]!;
          return (!media || lines > fewer) && (!restart || ufrag !== old);
        });
      settled = await until(() => agreed() && done());
      // Stable may be the moment between two rounds: it has to stay so for a whole round trip.
      for (let quiet = 0; settled && quiet < 3; quiet += 1) {
        await new Promise((later) => setTimeout(later, longest));
        if (!agreed()) {
          settled = await until(agreed);
          quiet = 0;
        }
      }
    }
    const flows = await until(
      () =>
        connections.every(({ connectionState }) => connectionState === "connected") &&
        opened === 2 &&
        echoed === 2,
    );
    const outcome = {
      settled,
      flows,
      gathering: connections.map((one) => one.iceGatheringState),
      states: connections.map((one) => `${one.signalingState} ${one.connectionState}`),
      glares,
      collisions,
      negotiated,
      errors,
      lines: connections.map((one) => one.getTransceivers().length),
      opened,
      echoed,
      candidates,
    };
    for (const negotiator of negotiators) negotiator.close();
    for (const connection of connections) connection.close();
    return outcome;
  }, plan);
}

function expectAgreement(outcome: Outcome, seed: number) {
  expect(outcome, `seed ${seed}: ${JSON.stringify(outcome)}`).toMatchObject({
    settled: true,
    flows: true,
    errors: [],
    states: ["stable connected", "stable connected"],
    opened: 2,
    echoed: 2,
  });
  expect(outcome.lines[0], `seed ${seed}`).toBe(outcome.lines[1]);
}

for (const longest of [0, 5, 20, 40]) {
  test(`${longest < 40 ? "@long " : ""}R22 both sides renegotiate at once through 0–${longest} ms of delay, and always settle`, async ({
    page,
  }) => {
    await page.goto(server.origin);
    let glares = 0;
    for (let seed = 1; seed <= 10; seed += 1) {
      const restarts = seed % 2 === 0 ? "odd" : "never";
      const outcome = await collide(page, { seed, longest, rounds: 4, media: true, restarts });
      expectAgreement(outcome, seed);
      glares += outcome.glares;
    }
    expect(glares, "no two offers met: the test proves nothing").toBeGreaterThan(0);
  });
}

test("@long R22 1,000 offers meet another on their way, through 0–40 ms of delay, and each time all is stable", async ({
  page,
}) => {
  test.setTimeout(600_000);
  await page.goto(server.origin);
  let collisions = 0;
  for (let seed = 1; collisions < COLLISIONS; seed += 1) {
    const longest = (40 * (seed % 5)) / 4;
    const plan: Plan = { seed, longest, rounds: 50, media: false, restarts: "all" };
    const outcome = await collide(page, plan);
    expectAgreement(outcome, seed);
    expect(outcome.collisions, "no two offers met: this would go on for ever").toBeGreaterThan(0);
    collisions += outcome.collisions;
  }
  test.info().annotations.push({ type: "collisions", description: String(collisions) });
});

test("a Negotiator before init says so", async ({ page }) => {
  await page.goto(server.origin);
  const code = await page.evaluate(async () => {
    const { Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
    try {
      new Negotiator({ connection: new RTCPeerConnection(), polite: true, send: () => {} });
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code;
    }
  });
  expect(code).toBe("misuse");
});

test("R40 what no negotiator sends is an error event, and a closed one is silent", async ({
  page,
}) => {
  await page.goto(server.origin);
  const codes = await page.evaluate(async () => {
    const { init, Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
    await init();
    const connection = new RTCPeerConnection();
    const negotiator = new Negotiator({ connection, polite: false, send: () => {} });
    const codes: string[] = [];
    negotiator.on("error", (error) => codes.push(error.code));
    const absurd: any[] = [
      null,
      7,
      "x",
      {},
      { description: {} },
      { description: { type: "offer" } },
    ];
    for (const message of absurd) negotiator.receive(message);
    negotiator.close();
    negotiator.close();
    for (const message of absurd) negotiator.receive(message);
    return codes;
  });
  expect(codes).toEqual(Array(6).fill("message-malformed"));
});
