import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Participant } from "samewire";
import { PlainElement } from "../ui/plain-element.js";
import { bestGrid } from "./best-grid.js";
import { beside } from "./beside.js";
import "./call-tile.js";
import { isOn } from "./tracks.js";

const GAP = 10;

/**
 * Everyone's picture, as large as the room allows, oneself last. A screen that is shared has the room, and people stand beside
 * it or, in an upright room, below.
 */
@customElement("call-grid")
export class CallGrid extends PlainElement {
  @property({ attribute: false }) participants: readonly Participant[] = [];
  private readonly observer = new ResizeObserver(() => this.arrange());

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  protected override updated(): void {
    this.arrange();
  }

  private arrange(): void {
    const list = this.querySelector<HTMLElement>(".tiles");
    if (!list) return;
    // Rounded down: half a pixel too wide, and the last tile of each row would wrap.
    const box = this.getBoundingClientRect();
    const [boxWidth, boxHeight] = [Math.floor(box.width), Math.floor(box.height)];
    const strip = this.sharing().length > 0 ? beside(boxWidth, boxHeight) : undefined;
    this.dataset["people"] = strip ? (strip.upright ? "below" : "beside") : "all";
    const { width, height } = strip ?? bestGrid(this.participants.length, boxWidth, boxHeight, GAP);
    this.style.setProperty("--gap", `${GAP}px`);
    list.style.setProperty("--tile-width", `${width}px`);
    list.style.setProperty("--tile-height", `${height}px`);
  }

  private sharing(): Participant[] {
    return this.participants.filter((participant) => isOn(participant, "screen"));
  }

  protected override render(): TemplateResult {
    const screens = this.sharing();
    const others = this.participants.filter(({ self }) => !self);
    const selves = this.participants.filter(({ self }) => self);
    return html`${
        screens.length > 0
          ? html`<ul class="screens" aria-label="Shared screens">
              ${tiles(screens, true)}
            </ul>`
          : nothing
      }
      <ul class="tiles" aria-label="People in the call">
        ${tiles([...others, ...selves], false)}
      </ul>`;
  }
}

const tiles = (participants: readonly Participant[], screen: boolean) =>
  repeat(
    participants,
    ({ id }) => id,
    (participant) =>
      html`<li><call-tile .participant=${participant} .screen=${screen}></call-tile></li>`,
  );
