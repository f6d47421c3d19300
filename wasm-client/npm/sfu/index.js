// What the native drivers share: a chunk of its own, which the package loads when a session first needs an
// SFU. What to do next is decided in its WebAssembly; here and in ../drivers it is done.

export { Leg } from "./leg.js";
