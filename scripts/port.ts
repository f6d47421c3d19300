// Before `make dev` builds, which takes a while: can PORT be served on?

import { createServer } from "node:net";

const port = process.env.PORT ?? "8787";
if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
  console.error(`PORT is "${port}"; it is a number from 1 to 65535`);
  process.exit(1);
}

const taken = await new Promise<boolean>((resolve) => {
  const probe = createServer().once("error", () => resolve(true));
  probe.listen(Number(port), "localhost", () => probe.close(() => resolve(false)));
});
if (taken) {
  console.error(`Port ${port} is in use. Stop what is there, or take another: PORT=8788 make dev`);
  process.exit(1);
}
