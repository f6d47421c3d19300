// Custom elements of a call: plain DOM, without a framework. Nothing is registered, and no class of the
// browser is touched, until `defineElements()` is called.

import { watching } from "./elements/base.js";
import { callElement } from "./elements/call.js";
import { chatElement } from "./elements/chat.js";
import { indicatorElement } from "./elements/indicator.js";
import { participantElement } from "./elements/participant.js";

export function defineElements() {
  // A server that renders the tags leaves them to the browser.
  if (typeof customElements === "undefined") return;
  const define = (name, make) => {
    if (!customElements.get(name)) customElements.define(name, make(watching(HTMLElement)));
  };
  define("samewire-indicator", indicatorElement);
  define("samewire-participant", participantElement);
  define("samewire-chat", chatElement);
  define("samewire-call", callElement);
}
