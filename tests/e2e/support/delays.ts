// A signalling path in a page that delays, the same way for the same seed.

/** What `delays` leaves in the page. */
export interface Delays {
  /** 0 to 1, the same numbers for the same seed. */
  random: () => number;
  /** Delivers in order, each message 0 to `longest` ms after the one before or after it was sent. */
  channel: <T>(deliver: (message: T) => unknown) => (message: T) => void;
  /** Looks until it is so, and says at last whether it is. */
  until: (condition: () => boolean, budget?: number) => Promise<boolean>;
}

declare global {
  interface Window {
    delays: (seed: number, longest: number) => Delays;
  }
}

/** For `page.addInitScript`. */
export function delays() {
  window.delays = (seed, longest) => {
    let state = seed >>> 0;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    return {
      random,
      channel: (deliver) => {
        let last = Promise.resolve();
        return (message) => {
          const delayed = new Promise((arrived) => setTimeout(arrived, random() * longest));
          last = last
            .then(() => delayed)
            .then(() => {
              deliver(message);
            });
        };
      },
      until: async (condition, budget = 10_000) => {
        const deadline = performance.now() + budget;
        while (!condition() && performance.now() < deadline) {
          await new Promise((again) => setTimeout(again, 5));
        }
        return condition();
      },
    };
  };
}
