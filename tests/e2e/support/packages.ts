// What only a few tests or benches need of npm: React and axe here, what is compared there. It is
// installed when the first of them runs, so that nobody who builds waits for it.

import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The `node_modules` that has what `tests/e2e/packages` lists. */
export const packages = (): Promise<string> => installed("tests/e2e/packages", "e2e-packages");

/** The `node_modules`, below `build`, that has what a folder with a package.json and its lock lists. */
export async function installed(listed: string, name: string): Promise<string> {
  const wanted = path.join(root, listed);
  const folder = path.join(root, "build", name);
  const lock = await readFile(path.join(wanted, "package-lock.json"), "utf8");
  const stamp = path.join(folder, "node_modules/.installed");
  const last = await readFile(stamp, "utf8").catch(() => "");
  if (last !== lock) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(wanted, folder, { recursive: true });
    const quiet = ["--no-fund", "--no-audit", "--loglevel=error", "--prefer-offline"];
    await promisify(execFile)("npm", ["ci", ...quiet], { cwd: folder });
    await writeFile(stamp, lock);
  }
  return path.join(folder, "node_modules");
}
