import { html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { PlainElement } from "../ui/plain-element.js";
import type { Ending, Way } from "./endings.js";

const LABELS: Record<Way, string> = {
  rejoin: "Join again",
  lobby: "Back to the lobby",
  new: "Start a new call",
  reload: "Reload the page",
};

/** There is no call: why, and the ways on from here. Fires `way`. */
@customElement("call-over")
export class CallOver extends PlainElement {
  @property({ attribute: false }) ending!: Ending;

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>("h1")?.focus();
  }

  protected override render(): TemplateResult {
    const { code, title, text, ways } = this.ending;
    return html`<main class="message" data-testid="over" data-code=${code}>
      <h1 tabindex="-1">${title}</h1>
      <p>${text}</p>
      <div class="ways">
        ${ways.map(
          (way, at) =>
            html`<button
              type="button"
              class=${at === 0 ? "primary" : "secondary"}
              data-testid=${way}
              @click=${() =>
                this.dispatchEvent(new CustomEvent<Way>("way", { bubbles: true, detail: way }))}
            >
              ${LABELS[way]}
            </button>`,
        )}
      </div>
    </main>`;
  }
}
