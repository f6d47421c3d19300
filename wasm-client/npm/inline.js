// The same package with its WebAssembly inside the script, for pages that cannot load it from a file.
// It is loaded into the one `samewire` of the page: hooks and elements find it loaded.

import { init as load, join as enter } from "samewire";
import base64 from "../../build/client/samewire.wasm";

export { Negotiator, SamewireError, registerDriver } from "samewire";

let loaded = false;

export const init = async () => {
  if (loaded) return;
  await load(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  loaded = true;
};

export const join = async (options) => {
  await init();
  return enter(options);
};
