// From browser to browser and through an SFU, as one call: who comes and goes moves everyone together.

import { expect } from "@playwright/test";

import { DevSfu } from "../support/dev-sfu.ts";
import { type Person, test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let sfu: DevSfu;
let server: Server;
test.beforeAll(async () => {
  sfu = await DevSfu.start();
  const providers = [
    { name: "p2p", kind: "p2p", priority: 1 },
    {
      name: "cloudflare",
      kind: "sfu",
      priority: 2,
      config: { appId: sfu.app, url: sfu.url },
      secret: "CLOUDFLARE_SFU_SECRET",
    },
  ];
  server = await Server.start({
    PROVIDERS: JSON.stringify(providers),
    CLOUDFLARE_SFU_SECRET: sfu.secret,
    TUNING: JSON.stringify({ MIN_DWELL: 2_000, SETTLED: 3_000, PREPARE_DEADLINE: 15_000 }),
  });
});
test.afterAll(async () => {
  await server.stop();
  await sfu.stop();
});

/** Pictures that two cores encode for many. */
function smallPictures() {
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = ({ audio, video }) =>
    capture({ audio, video: video && { width: 320, height: 240, frameRate: 10 } });
}

const provider = async (session: string) => (await server.snapshot(session)).provider;

/** Everyone sees every other, and the session knows. */
async function allSeeEachOther(people: Person[], session: string) {
  for (const one of people) {
    await one.isInCall();
    for (const other of people) if (other !== one) await one.sees(other.name);
  }
  await Promise.all(people.map((one) => one.receivesMedia()));
  await expect
    .poll(async () => {
      const { participants } = await server.snapshot(session);
      return participants.map((one: any) => one.sees.length);
    })
    .toEqual(people.map(() => people.length - 1));
}

test("the fourth who comes takes everyone to an SFU, and when people leave it is direct again", async ({
  person,
}) => {
  test.setTimeout(180_000);
  const session = "demo-hybrid";
  const people: Person[] = [];
  const come = async (name: string) => {
    people.push(await person(server, session, name, smallPictures));
  };
  for (const name of ["Ana", "Ben", "Cleo"]) await come(name);
  await allSeeEachOther(people, session);
  expect(await provider(session)).toBe("p2p");
  await come("Dan");
  await expect.poll(() => provider(session)).toBe("cloudflare");
  await allSeeEachOther(people, session);
});
