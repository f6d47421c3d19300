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
class Numbers {
  #known = new Map();
  #next = 0;

  of(name) {
    if (!this.#known.has(name)) this.#known.set(name, this.#next++);
    return this.#known.get(name);
  }

  has(name) {
    return this.#known.has(name);
  }

  /** Forgets all but these names; their numbers are never given again. */
  keep(names) {
    const gone = [...this.#known].filter(([name]) => !names.includes(name));
    for (const [name] of gone) this.#known.delete(name);
    return gone.map(([, number]) => number);
  }
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
  #ways = new Numbers();
  #pairs = new Numbers();

  /** Loads the WebAssembly, once, and makes a meter. */
  static async load() {
    loading ??= load();
    try {
      await loading;
    } catch (error) {
      loading = undefined;
      throw error;
    }
    return new Meter();
  }

  /** By the call's own clock, in milliseconds: whoever asks anything sets it before. */
  now = 0;

  constructor() {
    this.#wasm = new WasmMeter();
  }

  /** A participation begins, in which a sample is taken every `sample` milliseconds. */
  begin(sample) {
    this.#wasm.begin(this.now, sample);
  }

  enter() {
    this.#wasm.enter();
  }

  hurry() {
    this.#wasm.hurry(this.now);
  }

  due() {
    return this.#wasm.due(this.now);
  }

  /** Looks at the way to somebody; says what to send to them, and what to tell the page. */
  look(id, report, way) {
    const pair = (of) => this.#pairs.of(of);
    const flat = numbers(report, way, { ...names, limitation, route, pair });
    const number = this.#ways.of(id);
    const [step, recommend, ...changes] = this.#wasm.look(this.now, number, flat);
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
    return this.#ways.has(id) ? this.#wasm.step(this.#ways.of(id)) : 0;
  }

  /** How the way to somebody is; undefined while nothing is known. */
  rated(id) {
    if (!this.#ways.has(id)) return undefined;
    const [score, rating, mos] = this.#wasm.rated(this.#ways.of(id));
    return score === undefined ? undefined : { score, rating: names.ratings[rating], mos };
  }

  /** Everyone of `ids` was looked at: what to tell the page, and the session where one is due. */
  conclude(ids, open) {
    for (const number of this.#ways.keep(ids)) this.#wasm.forget(number);
    const [due, rating, route, ...values] = this.#wasm.conclude(this.now, open);
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
