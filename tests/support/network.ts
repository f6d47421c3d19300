// Where a server of a test listens.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";

/** A TCP port that nobody listens on. */
export async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** This machine's own address: browsers gather no candidates on the loopback. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  const own = all.find((one) => one && !one.internal && one.family === "IPv4");
  return own?.address ?? "127.0.0.1";
}
