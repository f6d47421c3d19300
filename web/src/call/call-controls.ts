import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { icon } from "../ui/icons.js";
import { PlainElement } from "../ui/plain-element.js";

export type Command = "microphone" | "camera" | "screen" | "chat" | "leave";

/** The bar at the bottom. Knows nothing of the call: fires `command`. */
@customElement("call-controls")
export class CallControls extends PlainElement {
  @property({ type: Boolean }) microphone = false;
  @property({ type: Boolean }) camera = false;
  @property({ type: Boolean }) sharing = false;
  @property({ type: Boolean }) chat = false;
  @property({ type: Number }) unread = 0;

  private command(command: Command): void {
    this.dispatchEvent(new CustomEvent<Command>("command", { bubbles: true, detail: command }));
  }

  protected override render(): TemplateResult {
    return html`<section class="controls" aria-label="Call controls">
      ${this.device("microphone", "Microphone", this.microphone, "M")}
      ${this.device("camera", "Camera", this.camera, "V")} ${canShare() ? this.screen() : nothing}
      <button
        type="button"
        class="control"
        aria-expanded=${this.chat}
        aria-controls="chat"
        aria-keyshortcuts="C"
        title=${`${this.chat ? "Close" : "Open"} the chat (C)`}
        data-testid="toggle-chat"
        @click=${() => this.command("chat")}
      >
        <span class="control-icon">
          ${icon("chat")}
          ${
            this.unread > 0
              ? html`<span class="badge" data-testid="unread" aria-hidden="true"
                  >${this.unread > 99 ? "99+" : this.unread}</span
                >`
              : nothing
          }
        </span>
        <span class="control-text">Chat</span>
        ${
          this.unread > 0
            ? html`<span class="visually-hidden">, ${this.unread} unread</span>`
            : nothing
        }
      </button>
      <button
        type="button"
        class="control leave"
        title="Leave the call"
        data-testid="leave"
        @click=${() => this.command("leave")}
      >
        <span class="control-icon">${icon("leave")}</span>
        <span class="control-text">Leave</span>
      </button>
    </section>`;
  }

  /** Its words change and it has no state, because a screen that is not shared is nothing to warn of. */
  private screen(): TemplateResult {
    return html`<button
      type="button"
      class="control"
      ?data-on=${this.sharing}
      aria-keyshortcuts="S"
      title=${this.sharing ? "Stop sharing your screen (S)" : "Share your screen (S)"}
      data-testid="toggle-screen"
      @click=${() => this.command("screen")}
    >
      <span class="control-icon">${icon(this.sharing ? "screen-off" : "screen")}</span>
      <span class="control-text"
        >${this.sharing ? "Stop" : "Share"}<span class="control-more"
          >${this.sharing ? " sharing" : " screen"}</span
        ></span
      >
    </button>`;
  }

  private device(
    name: "microphone" | "camera",
    label: string,
    on: boolean,
    key: string,
  ): TemplateResult {
    return html`<button
      type="button"
      class="control"
      aria-pressed=${on}
      aria-keyshortcuts=${key}
      title=${`Turn the ${name} ${on ? "off" : "on"} (${key})`}
      data-testid=${`toggle-${name}`}
      @click=${() => this.command(name)}
    >
      <span class="control-icon">${icon(on ? name : `${name}-off`)}</span>
      <span class="control-text">${label}</span>
    </button>`;
  }
}

/** Phones cannot, and no browser can outside https and localhost. */
export const canShare = (): boolean =>
  typeof navigator.mediaDevices?.getDisplayMedia === "function";
