// A client of `GET /v1/live`.

import { ADMIN_KEY, type Runtime } from "./runtime.ts";

/** One server-sent event; a comment has the kind `:`. */
export interface Sent {
  kind: string;
  data: any;
}

export class Follower {
  readonly events: Sent[] = [];
  /** Whether the server has ended it. */
  over = false;
  readonly #stop = new AbortController();
  readonly #wake = new Set<() => void>();
  #read = 0;

  static async open(runtime: Runtime): Promise<Follower> {
    const follower = new Follower();
    const answer = await runtime.fetch("/v1/live", {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      signal: follower.#stop.signal,
    });
    const kind = answer.headers.get("content-type");
    if (kind !== "text/event-stream") throw new Error(`/v1/live answered ${answer.status} ${kind}`);
    void follower.#take(answer.body!);
    return follower;
  }

  async #take(body: ReadableStream<Uint8Array>) {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop()!;
        for (const block of blocks) this.events.push(parse(block));
        for (const look of this.#wake) look();
      }
    } catch {
      // It was cut off.
    }
    this.over = true;
    for (const look of this.#wake) look();
  }

  stop() {
    this.#stop.abort();
  }

  /** The next event for which this holds. */
  async next(what: string, holds: (event: Sent) => boolean): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late);
        this.#wake.delete(look);
      };
      const look = () => {
        while (this.#read < this.events.length) {
          const event = this.events[this.#read++]!;
          if (!holds(event)) continue;
          done();
          return resolve(event);
        }
      };
      const late = setTimeout(() => {
        done();
        const seen = JSON.stringify(this.events.slice(-5));
        reject(new Error(`waited in vain for ${what}; over: ${this.over}; last: ${seen}`));
      }, 20_000);
      this.#wake.add(look);
      look();
    });
  }
}

function parse(block: string): Sent {
  if (block.startsWith(":")) return { kind: ":", data: undefined };
  const field = (name: string) =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return { kind: field("event")!, data: JSON.parse(field("data")!) };
}
