import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Single keys for the whole page, silent while someone types or holds a modifier. `Escape` works from a field too. */
export class Shortcuts implements ReactiveController {
  constructor(
    host: ReactiveControllerHost,
    private readonly actions: Record<string, () => void>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("keydown", this.press);
  }

  hostDisconnected(): void {
    window.removeEventListener("keydown", this.press);
  }

  private readonly press = (event: KeyboardEvent): void => {
    if (event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key !== "Escape" && isTyping(event.target)) return;
    // The browser closes what has popped up, unless it is prevented.
    if (event.key === "Escape" && document.querySelector(":popover-open")) return;
    const action = this.actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  };
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("input, textarea, select"));
