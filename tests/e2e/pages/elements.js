// A page as a customer would write it with `samewire/elements`: `<samewire-call>` by its attributes.

import { init } from "samewire";
import { defineElements } from "samewire/elements";

const query = new URLSearchParams(location.search);
const root = document.getElementById("root");

window.fired = [];
for (const name of ["joined", "left", "error"])
  root.addEventListener(`samewire-${name}`, ({ detail }) =>
    window.fired.push([name, detail?.code ?? null]),
  );

// Properties that are set before the element is defined are not lost.
const element = document.createElement("samewire-call");
if (query.has("german"))
  element.words = {
    leave: "Auflegen",
    mute: "Stumm",
    self: "{name} (ich)",
    connected: "Verbunden",
  };
for (const name of ["url", "token"]) element.setAttribute(name, query.get(name));
root.append(element);
window.element = element;

await init();
defineElements();
defineElements();
