// What happened in a call, for whoever looks for a fault: kept in memory, and printed in the browser's
// console where `localStorage.debug` names the namespace, as in "samewire:*" or "samewire:ice,samewire:link".
//
// Nothing personal and nothing secret is in it: of a frame only what is listed here is taken.

/** So many entries are kept: the last ones. */
const KEPT = 5_000;

/** What may be taken of a frame or an event, where it is a word, a number, or a list of words. */
const TAKEN = [
  [
    "participant",
    "epoch",
    "from",
    "to",
    "cause",
    "code",
    "kind",
    "state",
    "open",
    "action",
    "resumed",
    "ordinal",
  ],
  ["generation", "elapsed_ms", "deadline_ms", "retry_after_ms", "sees", "attempt", "operation"],
  ["reason", "hidden", "ack", "seq", "rating", "score", "mos", "rttMs", "lossPct", "jitterMs"],
  ["bitrateKbps", "availableKbps", "fps", "width", "height", "pair", "audio", "video", "network"],
  [
    "change",
    "connection",
    "fault",
    "line",
    "url",
    "offerer",
    "role",
    "offer",
    "candidate",
    "description",
  ],
].flat();

/** What is taken besides of what our own drivers say of themselves; no frame has it. */
const OF_A_DRIVER = [...TAKEN, "provider", "did", "message"];

/** The namespaces of what is not the link's. */
const SPACES = {
  signal: "negotiation",
  negotiated: "negotiation",
  glare: "negotiation",
  "connection-state": "ice",
  "ice-restart": "ice",
  "relay-only": "ice",
  "fresh-connection": "ice",
  suspect: "ice",
  "ice-error": "turn",
  ice_servers: "turn",
  quality: "quality",
  "quality-update": "quality",
  alert: "quality",
  recommendation: "quality",
};
for (const what of [
  "prepare",
  "commit",
  "abort",
  "connected",
  "ready",
  "failed",
  "session",
  "driver",
])
  SPACES[what] = "switch";

const WARNINGS = new Set(["error", "failed", "abort", "suspect", "exhausted", "transition:failed"]);
const NEWS = new Set(["state", "glare", "prepare", "commit", "transition:started", "welcome"]);

/** A value as it is kept; others may send anything. */
function plain(value) {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return value.slice(0, 100);
  return Array.isArray(value) ? value.slice(0, 64).map(String) : undefined;
}

/** What of a candidate is nobody's address. */
function candidateKind(text) {
  const protocol = text.split(" ")[2];
  const type = / typ (\w+)/.exec(text)?.[1];
  return type ? `${type}/${protocol}`.toLowerCase() : "end";
}

function taken(detail, keys) {
  if (typeof detail !== "object" || detail === null) return { state: plain(detail) };
  const { payload, participant, change, id } = detail;
  const of = { ...detail, participant: participant?.id ?? participant ?? (change && id) };
  const { candidate, description, offer } = payload ?? {};
  if (candidate) of.candidate = candidateKind(String(candidate.candidate));
  if (description) Object.assign(of, { description: description.type, offer });
  const pairs = keys.map((key) => [key, plain(of[key])]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

/** What `localStorage.debug` names, as the package `debug` reads it: `*` is anything, `-` leaves out. */
function printed() {
  let wanted = "";
  try {
    wanted = globalThis.localStorage?.debug ?? "";
  } catch {
    // A page may be forbidden its storage.
  }
  const patterns = String(wanted)
    .split(/[\s,]+/)
    .filter(Boolean);
  const matches = (pattern, name) =>
    new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(
      name,
    );
  const some = (patterns, name) => patterns.some((pattern) => matches(pattern, name));
  const out = patterns.filter((one) => one.startsWith("-")).map((one) => one.slice(1));
  const included = patterns.filter((one) => !one.startsWith("-"));
  return (name) => some(included, name) && !some(out, name);
}

export class Trace {
  #began = Date.now();
  #start = performance.now();
  #entries = [];
  #dropped = 0;
  #glare = { polite: 0, impolite: 0 };
  #prints = printed();

  /** Takes an event, or a frame where `way` says which way it went. */
  note(what, detail, way) {
    const namespace = SPACES[what] ?? (what.startsWith("transition") ? "switch" : "link");
    const level = WARNINGS.has(what) || detail?.open ? "warn" : NEWS.has(what) ? "info" : "debug";
    const entry = {
      at: Math.round(performance.now() - this.#start),
      namespace,
      level,
      what,
      ...(way && { way }),
      ...taken(detail, what === "driver" && !way ? OF_A_DRIVER : TAKEN),
    };
    if (what === "glare") {
      this.#glare[entry.role] += 1;
      entry.count = this.#glare.polite + this.#glare.impolite;
    }
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) {
      this.#entries.shift();
      this.#dropped += 1;
    }
    const name = `samewire:${namespace}`;
    if (this.#prints(name)) console[level](name, what, entry);
  }

  /** A copy of what is kept. */
  read() {
    return {
      began: this.#began,
      glare: { ...this.#glare },
      dropped: this.#dropped,
      entries: this.#entries.map((entry) => ({ ...entry })),
    };
  }
}
