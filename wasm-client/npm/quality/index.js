// How a call is: a chunk of its own, which the package loads once somebody has joined. It gives the
// numbers of the WebAssembly their names; what they mean is decided there.

import start, {
  Meter as WasmMeter,
  limitation,
  route,
  words,
} from "../../../build/quality/samewire_quality.js";
import compressed from "../../../build/quality/samewire_quality.wasm.gz";

import { numbers } from "./statistics.js";

/** The numbers as an object: what is not known is absent. */
function named(names, values) {
  const pairs = names.map((name, place) => [name, values[place]]);
  return Object.fromEntries(pairs.filter(([, value]) => !Number.isNaN(value)));
}

/** The names of the wire, as JavaScript writes them. */
const camelCase = (object) =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );

/** Numbers for names, in the order in which they were first asked for. */
function numbering() {
  const known = new Map();
  const number = (name) => {
    if (!known.has(name)) known.set(name, known.size);
    return known.get(name);
  };
  return { known, number };
}

let names;

async function load() {
  const plain = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  await start({ module_or_path: await new Response(plain).arrayBuffer() });
  const lists = words().split("\n");
  const next = () => lists.shift().split(";");
  names = {
    inboundKeys: next(),
    outboundKeys: next(),
    remoteKeys: next(),
    pairKeys: next(),
    sources: next(),
    routes: next(),
    ratings: next(),
    kinds: next(),
    details: next(),
    report: next(),
    summary: next(),
    spreads: next(),
  };
}

let loading;

/** Everything measured of one call. */
export class Meter {
  #wasm;
  #ways = numbering();
  #pairs = numbering();

  /** Loads the WebAssembly, once, and makes a meter that takes a sample every `sample` milliseconds. */
  static async of(sample) {
    loading ??= load();
    try {
      await loading;
    } catch (error) {
      loading = undefined;
      throw error;
    }
    return new Meter(sample);
  }

  constructor(sample) {
    this.#wasm = new WasmMeter(performance.now(), sample);
  }

  begin(sample) {
    this.#wasm.begin(performance.now(), sample);
  }

  enter() {
    this.#wasm.enter();
  }

  hurry() {
    this.#wasm.hurry(performance.now());
  }

  due() {
    return this.#wasm.due(performance.now());
  }

  /** Looks at the way to somebody; says what to send to them, and what to tell the page. */
  look(id, report, way) {
    const flat = numbers(report, way, { ...names, limitation, route, pair: this.#pairs.number });
    const number = this.#ways.number(id);
    const [step, recommend, ...changes] = this.#wasm.look(performance.now(), number, flat);
    const events = [];
    for (let place = 0; place < changes.length; place += 2) {
      const kind = changes[place];
      const open = Boolean(changes[place + 1]);
      const detail = names.details[kind];
      events.push(["alert", { kind: names.kinds[kind], participant: id, detail, open }]);
    }
    if (recommend) {
      const metrics = this.rated(id);
      events.push(["recommendation", { cause: "quality_poor", metrics, action: "check_network" }]);
    }
    return { step, events };
  }

  /** What is sent to somebody: the rank of a step. */
  step(id) {
    return this.#ways.known.has(id) ? this.#wasm.step(this.#ways.number(id)) : 0;
  }

  /** How the way to somebody is; undefined while nothing is known. */
  rated(id) {
    if (!this.#ways.known.has(id)) return undefined;
    const [score, rating, mos] = this.#wasm.rated(this.#ways.number(id));
    return score === undefined ? undefined : { score, rating: names.ratings[rating], mos };
  }

  /** Everyone of `ids` was looked at: what to tell the page, and the session where one is due. */
  conclude(ids, open) {
    for (const [id, number] of this.#ways.known) {
      if (ids.includes(id)) continue;
      this.#wasm.forget(number);
    }
    const [due, rating, route, ...values] = this.#wasm.conclude(performance.now(), open);
    if (due === undefined) return { events: [] };
    const report = { ...named(names.report, values), rating: names.ratings[rating] };
    if (!Number.isNaN(route)) report.pair = names.routes[route];
    const events = [["quality-update", camelCase(report)]];
    if (!due) return { events };
    const rest = values.slice(names.report.length);
    const summary = named(names.summary, rest);
    names.spreads.forEach((name, place) => {
      const at = names.summary.length + 3 * place;
      const spread = named(["avg", "worst", "p95"], rest.slice(at, at + 3));
      if ("avg" in spread) summary[name] = spread;
    });
    return { events, told: { ...report, summary } };
  }

  close() {
    this.#wasm.free();
  }
}
