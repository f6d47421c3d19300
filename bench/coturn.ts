// A TURN server for the bench: Debian's coturn, on this machine's own address and a free port. A relay
// on the loopback would not be reached from where a browser's candidates are.

import { spawn } from "node:child_process";
import { once } from "node:events";

import { freePort, ownAddress } from "../tests/support/network.ts";

export interface Turn {
  /** What `ICE_SERVERS` takes. */
  servers: object[];
  stop: () => Promise<void>;
}

export async function startTurn(): Promise<Turn> {
  const host = ownAddress();
  const port = await freePort(host);
  const coturn = spawn(
    "turnserver",
    [
      ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--simple-log"],
      ...[`--listening-ip=${host}`, `--listening-port=${port}`, `--relay-ip=${host}`],
      ...["--lt-cred-mech", "--realm=bench", "--user=bench:bench"],
    ],
    { stdio: "ignore" },
  );
  const gone = once(coturn, "exit");
  await once(coturn, "spawn").catch(() => {
    throw new Error("there is no turnserver: apt-get install coturn");
  });
  const urls = [`turn:${host}:${port}`];
  return {
    servers: [{ urls, username: "bench", credential: "bench" }],
    stop: async () => {
      coturn.kill("SIGKILL");
      await gone;
    },
  };
}
