import type { Call, JoinOptions } from "./index.js";

/**
 * Loads the WebAssembly out of this script, without a request. It is the one that `samewire`,
 * `samewire/react` and `samewire/elements` use: await this first, and they find it loaded. Idempotent.
 * Rejects with a {@link SamewireError} `wasm` where WebAssembly is forbidden, by a content security
 * policy without `wasm-unsafe-eval`, say.
 */
export function init(): Promise<void>;

/** Joins a session, as `join` of `samewire` does, after this entry point's {@link init}. */
export function join(options: JoinOptions): Promise<Call>;

export { Negotiator, SamewireError, registerDriver } from "./index.js";
export type * from "./index.js";
