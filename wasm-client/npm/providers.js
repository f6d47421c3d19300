// The providers that a call can be carried by, and how their drivers are loaded: when a session first
// needs one, and never before.

const loaders = new Map([
  ["cloudflare", () => import("./drivers/cloudflare.js")],
  ["janus", () => import("./drivers/janus.js")],
]);

export const register = (name, load) => void loaders.set(name, load);

/** What the WebAssembly knows of drivers. */
export const drivers = {
  get names() {
    return [...loaders.keys()];
  },

  /** Opens a leg. `hears` is told what it emits until it is closed. */
  async open(name, { url, ...options }, hears) {
    let open = true;
    const emit = (event, detail) => open && hears({ ...detail, event });
    try {
      const { driver } = await loaders.get(name)();
      const server = new URL(url).origin.replace(/^ws/, "http");
      const leg = driver.open({ ...options, server, emit });
      const close = leg.close.bind(leg);
      leg.close = () => {
        open = false;
        close();
      };
      return leg;
    } catch (cause) {
      const message = `The driver of ${name} could not be loaded (${cause?.message ?? cause}).`;
      emit("state", { state: "failed", reason: "unsupported", message });
    }
  },
};
