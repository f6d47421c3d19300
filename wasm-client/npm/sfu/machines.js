// The machines of all native drivers: one WebAssembly.

import start, { Machine } from "../../../build/sfu/samewire_sfu.js";
import compressed from "../../../build/sfu/samewire_sfu.wasm.gz";

async function load() {
  const plain = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  await start({ module_or_path: await new Response(plain).arrayBuffer() });
  return Machine;
}

let loading;

/** Loads the WebAssembly, once; whoever fails may try again. */
export async function machines() {
  loading ??= load();
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}
