import { html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Participant } from "samewire";
import { PlainElement } from "../ui/plain-element.js";
import { bestGrid } from "./best-grid.js";
import "./call-tile.js";

const GAP = 10;

/** Everyone's picture, as large as the room allows; screens that are shared first, oneself last. */
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
    const { width, height } = bestGrid(
      this.tiles().length,
      Math.floor(box.width),
      Math.floor(box.height),
      GAP,
    );
    list.style.setProperty("--gap", `${GAP}px`);
    list.style.setProperty("--tile-width", `${width}px`);
    list.style.setProperty("--tile-height", `${height}px`);
  }

  private tiles(): {
    key: string;
    participant: Participant;
    screen: boolean;
  }[] {
    const others = this.participants.filter((participant) => !participant.self);
    const selves = this.participants.filter((participant) => participant.self);
    const people = [...others, ...selves];
    const screens = people.filter(({ tracks }) =>
      tracks.some(({ source, muted }) => source === "screen" && !muted),
    );
    return [
      ...screens.map((participant) => ({
        key: `${participant.id} screen`,
        participant,
        screen: true,
      })),
      ...people.map((participant) => ({
        key: participant.id,
        participant,
        screen: false,
      })),
    ];
  }

  protected override render(): TemplateResult {
    return html`<ul class="tiles" aria-label="People in the call">
      ${repeat(
        this.tiles(),
        ({ key }) => key,
        ({ participant, screen }) =>
          html`<li>
            <call-tile .participant=${participant} .screen=${screen}></call-tile>
          </li>`,
      )}
    </ul>`;
  }
}
