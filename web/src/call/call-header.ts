import { html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Call, CallState, Participant, Progress } from "samewire";
import { copyLink } from "../ui/copy-link.js";
import { brandMark, icon, type IconName } from "../ui/icons.js";
import { PlainElement } from "../ui/plain-element.js";
import { callState, people } from "./announcements.js";
import "./device-menu.js";

const STATE_ICON: Record<CallState, IconName> = {
  connecting: "waiting",
  connected: "check",
  reconnecting: "waiting",
  switching: "waiting",
  exhausted: "warning",
  left: "leave",
};

/** The bar at the top: which call, how it is, how many are in it, its devices, and its link. */
@customElement("call-header")
export class CallHeader extends PlainElement {
  @property() session = "";
  @property() state: CallState = "connecting";
  @property({ attribute: false }) progress: Progress | null = null;
  @property({ type: Number }) count = 0;
  @property({ attribute: false }) call!: Call;
  @property({ attribute: false }) self: Participant | undefined;

  protected override render(): TemplateResult {
    return html`<header class="header">
      ${brandMark}
      <h1 class="header-title" tabindex="-1" title=${this.session}>
        <span class="visually-hidden">Call </span>${this.session}
      </h1>
      <p class="chip state" data-testid="call-state" data-state=${this.state}>
        ${icon(STATE_ICON[this.state])}<span>${callState(this.state, this.progress)}</span>
      </p>
      <p class="chip" data-testid="participant-count" data-count=${this.count}>
        ${icon("people")}<span aria-hidden="true">${this.count}</span
        ><span class="visually-hidden">${people(this.count)}</span>
      </p>
      <device-menu .call=${this.call} .self=${this.self}></device-menu>
      <button
        type="button"
        class="header-link"
        title="Copy the link to this call"
        data-testid="copy-link"
        @click=${() => copyLink(this, this.session)}
      >
        ${icon("link")}<span>Copy link</span>
      </button>
    </header>`;
  }
}
