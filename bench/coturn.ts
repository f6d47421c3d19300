// A TURN server for the bench: Debian's coturn, on the loopback and a free port.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export interface Turn {
  /** What `ICE_SERVERS` takes. */
  servers: object[];
  stop: () => Promise<void>;
}

export async function startTurn(): Promise<Turn> {
  const port = await freePort();
  const coturn = spawn(
    "turnserver",
    [
      ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--simple-log"],
      ...["--listening-ip=127.0.0.1", `--listening-port=${port}`, "--relay-ip=127.0.0.1"],
      ...["--allow-loopback-peers", "--lt-cred-mech", "--realm=bench", "--user=bench:bench"],
    ],
    { stdio: "ignore" },
  );
  const gone = once(coturn, "exit");
  await once(coturn, "spawn").catch(() => {
    throw new Error("there is no turnserver: apt-get install coturn");
  });
  const urls = [`turn:127.0.0.1:${port}`];
  return {
    servers: [{ urls, username: "bench", credential: "bench" }],
    stop: async () => {
      coturn.kill("SIGKILL");
      await gone;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
