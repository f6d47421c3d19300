// What only a few tests need of npm: React and axe. It is installed when the first of them runs, so that
// nobody who builds waits for it.

import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const wanted = path.join(root, "tests/e2e/packages");
const folder = path.join(root, "build/e2e-packages");

/** The `node_modules` that has them. */
export async function packages(): Promise<string> {
  const lock = await readFile(path.join(wanted, "package-lock.json"), "utf8");
  const stamp = path.join(folder, "node_modules/.installed");
  const installed = await readFile(stamp, "utf8").catch(() => "");
  if (installed !== lock) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(wanted, folder, { recursive: true });
    const quiet = ["--no-fund", "--no-audit", "--loglevel=error", "--prefer-offline"];
    await promisify(execFile)("npm", ["ci", ...quiet], { cwd: folder });
    await writeFile(stamp, lock);
  }
  return path.join(folder, "node_modules");
}
