// The Negotiator by itself, in a real browser, over a signalling path that delays.

import { expect, test, type Page } from "@playwright/test";

import { PackageServer } from "./support/package-server.ts";

let server: PackageServer;

test.beforeAll(async () => {
  server = await PackageServer.start();
});

test.afterAll(async () => {
  await server.stop();
});

interface Outcome {
  /** Both sides are stable and agree. */
  settled: boolean;
  /** Both are connected, and data went both ways. */
  flows: boolean;
  gathering: string[];
  states: string[];
  glares: number;
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
  restart: boolean;
}

/** Two connections in one page, both renegotiating at once, round after round. */
function collide(page: Page, plan: Plan): Promise<Outcome> {
  return page.evaluate(async ({ seed, longest, rounds, media, restart }) => {
    const { init, Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
    await init();

    let state = seed >>> 0;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };

    // Descriptions and candidates travel in channels of their own: each in order, either overtaking
    // the other.
    const channel = (deliver: (message: any) => void) => {
      let last = Promise.resolve();
      return (message: any) => {
        const delayed = new Promise((arrived) => setTimeout(arrived, random() * longest));
        last = last.then(() => delayed).then(() => deliver(message));
      };
    };

    const errors: string[] = [];
    const candidates = [0, 0];
    let glares = 0;
    let negotiated = 0;
    const connections = [new RTCPeerConnection(), new RTCPeerConnection()];
    const paths: ((message: any) => void)[][] = [];
    const negotiators = connections.map((connection, side) => {
      paths[side] = [0, 1].map(() =>
        channel((message) => negotiators[1 - side]!.receive(structuredClone(message))),
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
      negotiator.on("glare", () => (glares += 1));
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
    const until = async (condition: () => boolean, budget = 10_000) => {
      const deadline = performance.now() + budget;
      while (!condition() && performance.now() < deadline) {
        await new Promise((again) => setTimeout(again, 5));
      }
      return condition();
    };
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

    const expected = new Set<RTCDataChannel>();
    for (const connection of connections) {
      const channel = connection.createDataChannel("echo");
      expected.add(channel);
      channel.onopen = () => channel.send("hello");
      channel.onmessage = () => (echoed += 1);
    }
    let settled = true;
    for (let round = 0; round < rounds && settled; round += 1) {
      const before = connections.map((connection) => connection.getTransceivers().length);
      connections.forEach((connection, side) => {
        setTimeout(() => {
          if (media) connection.addTransceiver(round % 2 ? "audio" : "video");
          if (restart && round % 2) negotiators[side]!.restartIce();
        }, random() * longest);
      });
      settled = await until(
        () =>
          agreed() &&
          (!media ||
            connections.every((one, side) => one.getTransceivers().length > before[side]!)),
      );
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

for (const longest of [0, 5, 20, 40]) {
  test(`R22 both sides renegotiate at once through 0–${longest} ms of delay, and always settle`, async ({
    page,
  }) => {
    await page.goto(server.origin);
    let glares = 0;
    for (let seed = 1; seed <= 10; seed += 1) {
      const plan = { seed, longest, rounds: 4, media: true, restart: seed % 2 === 0 };
      const outcome = await collide(page, plan);
      const said = `seed ${seed}: ${JSON.stringify(outcome)}`;
      expect(outcome, said).toMatchObject({
        settled: true,
        flows: true,
        errors: [],
        states: ["stable connected", "stable connected"],
        opened: 2,
        echoed: 2,
      });
      expect(outcome.lines[0], `seed ${seed}`).toBe(outcome.lines[1]);
      glares += outcome.glares;
    }
    expect(glares, "no two offers met: the test proves nothing").toBeGreaterThan(0);
  });
}

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
