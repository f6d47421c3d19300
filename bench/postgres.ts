// For scale: the same choice as a function in PostgreSQL, under an advisory lock, asked by pgbench.
// The cluster is a new one in a folder of its own, reached by a socket in that folder only.

import { execFile, spawn } from "node:child_process";
import { chmod, chown, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { flushRow, flushes } from "./disk.ts";
import { type Table, ms, percentile } from "./figures.ts";

const execute = promisify(execFile);

const SECONDS = 4;
const CLIENTS = [1, 8];
const HERE = new URL("postgres/", import.meta.url).pathname;

const COLUMNS = ["what", "clients", "n", "p50", "p99", "a second"];

export async function postgres(): Promise<Table> {
  let cluster: Cluster;
  try {
    cluster = await Cluster.start();
  } catch (error) {
    const includes = `PostgreSQL could not be installed or started here: ${(error as Error).message}`;
    const cells = ["not measured", ...COLUMNS.slice(1).map(() => "")];
    return { title: TITLE, columns: COLUMNS, rows: [{ cells, includes }] };
  }
  try {
    const rows: Table["rows"] = [];
    const disk: number[] = [];
    for (const { what, script, includes } of CASES) {
      for (const clients of CLIENTS) {
        disk.push(...flushes());
        const samples = await cluster.bench(script, clients);
        const [p50, p99] = [50, 99].map((percent) => ms(percentile(samples, percent)));
        const rate = Math.round(samples.length / SECONDS);
        const cells = [what, clients, samples.length, p50!, p99!, rate];
        rows.push({ cells, includes: clients === CLIENTS[0] ? includes : undefined });
      }
    }
    rows.push(flushRow(disk, COLUMNS));
    return { title: `${TITLE} (PostgreSQL ${cluster.version})`, columns: COLUMNS, rows };
  } finally {
    await cluster.stop();
  }
}

/** A cluster of its own. PostgreSQL refuses to be run by root, so it is then run by its own user. */
class Cluster {
  readonly #programs: string;
  readonly #folder: string;
  readonly #as: { uid?: number; gid?: number };
  version = "";

  private constructor(programs: string, folder: string, as: { uid?: number; gid?: number }) {
    this.#programs = programs;
    this.#folder = folder;
    this.#as = as;
  }

  static async start(): Promise<Cluster> {
    const { stdout } = await execute("scripts/postgres.sh");
    const folder = await mkdtemp(path.join(tmpdir(), "samewire-postgres-"));
    const cluster = new Cluster(stdout.trim(), folder, await user(folder));
    try {
      const data = path.join(folder, "data");
      await cluster.#run("initdb", "--auth=trust", "--username=bench", "--pgdata", data);
      // Its defaults, fsync among them; but for no port.
      const options = `-c listen_addresses='' -c unix_socket_directories='${folder}'`;
      const log = path.join(folder, "log");
      await cluster.#run("pg_ctl", "start", "--wait", "-D", data, "-l", log, "-o", options);
      const version = await cluster.#psql("--command", "SHOW server_version");
      cluster.version = version.split(" ")[0]!;
      const durable = await cluster.#psql("--command", "SHOW fsync");
      if (durable !== "on") throw new Error(`fsync is ${durable}`);
      await cluster.#psql("--file", path.join(HERE, "schema.sql"));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Milliseconds of every transaction. */
  async bench(script: string, clients: number): Promise<number[]> {
    const prefix = path.join(this.#folder, `${script}-${clients}`);
    const to = ["--host", this.#folder, "--username=bench", "postgres"];
    const load = ["--client", `${clients}`, "--time", `${SECONDS}`, "--protocol=prepared"];
    const log = ["--no-vacuum", "--log", "--log-prefix", prefix];
    await this.#run("pgbench", ...load, ...log, "--file", path.join(HERE, script), ...to);
    const samples: number[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.startsWith(`${path.basename(prefix)}.`)) continue;
      const lines = (await readFile(path.join(this.#folder, name), "utf8")).trim().split("\n");
      // The third column is the latency in microseconds.
      samples.push(...lines.map((line) => Number(line.split(" ")[2]) / 1_000));
    }
    return samples;
  }

  async stop() {
    const data = path.join(this.#folder, "data");
    await this.#run("pg_ctl", "stop", "--wait", "--mode=fast", "-D", data).catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  #psql(...what: string[]): Promise<string> {
    const how = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
    return this.#run("psql", ...how, "-h", this.#folder, "-U", "bench", ...what, "postgres");
  }

  async #run(program: string, ...args: string[]): Promise<string> {
    const file = path.join(this.#programs, program);
    // What pg_ctl starts would keep a pipe open for ever.
    const options = { ...this.#as, cwd: this.#folder, maxBuffer: 2 ** 24 };
    if (program !== "pg_ctl") return (await execute(file, args, options)).stdout.trim();
    await new Promise<void>((resolve, reject) => {
      const child = spawn(file, args, { ...options, stdio: "ignore" });
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0 ? resolve() : reject(new Error(`pg_ctl ${args[0]} ended with ${code}`)),
      );
    });
    return "";
  }
}

/** As whom it runs: whoever runs this, or where that is root the user that the package made. */
async function user(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (which) => Number((await execute("id", [which, "postgres"])).stdout)),
  );
  await chown(folder, uid!, gid!);
  await chmod(folder, 0o700);
  return { uid, gid };
}

const TITLE =
  "For scale: the choice as a PostgreSQL function with an advisory lock, in milliseconds";

const CASES = [
  {
    what: "a session nobody was in",
    script: "new.sql",
    includes: `pgbench asks over a Unix socket, with prepared statements, for ${SECONDS} s: \
\`select_session_provider\` of \`bench/postgres/schema.sql\` takes \`pg_advisory_xact_lock\` of the \
session's hash, finds no row, chooses among three providers by rank, inserts session and user, and \
commits, flushed to the disk (\`fsync\` and \`synchronous_commit\` are on, as Debian has them). Not \
included, and included in Samewire's figures above: a connection from the participant, the check of \
a token, telling anyone, a decision log, keeping what was said until it is acknowledged. Compare \
with the first decision's \`hello\` → \`welcome\``,
  },
  {
    what: "one session, all at once",
    script: "same.sql",
    includes: `the same, but all clients are in one session: the lock is waited for until the one \
before has committed; the provider is found, and the user's row updated. Compare with the lines of \
chat a second of one object`,
  },
];
