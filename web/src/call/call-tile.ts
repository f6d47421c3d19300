import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Participant, Source } from "samewire";
import { attach } from "../media/attach.js";
import { avatar } from "../ui/avatar.js";
import { icon, type IconName } from "../ui/icons.js";
import { PlainElement } from "../ui/plain-element.js";
import { isOn, tracksOf } from "./tracks.js";

/** Nothing is said while all is well. */
const CONNECTION: Record<Participant["connection"], { icon: IconName; words: string } | null> = {
  connecting: { icon: "waiting", words: "Connecting…" },
  good: null,
  poor: { icon: "weak", words: "Weak connection" },
  lost: { icon: "lost", words: "Reconnecting…" },
};

/** One person, or the screen they share: picture or initials, name, and what is off. Fires `sound-blocked`. */
@customElement("call-tile")
export class CallTile extends PlainElement {
  @property({ attribute: false }) participant!: Participant;
  @property({ attribute: false }) screen = false;
  /** Whether a frame has been shown: until then the initials stay instead of black. */
  @state() private pictured = false;

  override connectedCallback(): void {
    super.connectedCallback();
    // A media element that is moved in the document stops: start it again.
    if (this.hasUpdated) this.requestUpdate();
  }

  protected override updated(): void {
    const video = this.querySelector("video");
    if (video) {
      const tracks = tracksOf(this.participant, [this.screen ? "screen" : "camera"]);
      if (tracks.length === 0) this.pictured = false;
      void attach(video, tracks);
    }
    const audio = this.querySelector("audio");
    if (audio) void this.sound(audio);
  }

  private async sound(audio: HTMLAudioElement): Promise<void> {
    const heard: Source[] = ["microphone", "screen_audio"];
    if (await attach(audio, tracksOf(this.participant, heard))) return;
    this.dispatchEvent(new CustomEvent("sound-blocked", { bubbles: true }));
  }

  protected override render(): TemplateResult {
    const { id, name, self, connection, hidden } = this.participant;
    const camera = isOn(this.participant, "camera");
    const microphone = isOn(this.participant, "microphone");
    const state = self ? null : CONNECTION[connection];
    const speaking = this.participant.speaking && !this.screen;
    return html`<article
      class="tile"
      aria-label=${this.spoken(camera, microphone, state?.words)}
      data-testid=${this.screen ? "screen-tile" : "tile"}
      data-participant=${id}
      data-self=${self}
      data-connection=${connection}
      data-mic=${microphone ? "on" : "off"}
      data-camera=${camera ? "on" : "off"}
      data-away=${hidden}
      ?data-speaking=${speaking}
    >
      ${avatar(name)}
      <video
        muted
        playsinline
        tabindex="-1"
        aria-hidden="true"
        ?data-shown=${this.pictured && (this.screen || camera)}
        @loadeddata=${() => (this.pictured = true)}
        @emptied=${() => (this.pictured = false)}
      ></video>
      ${self || this.screen ? nothing : html`<audio autoplay></audio>`}
      ${
        state
          ? html`<p class="tile-state" data-connection=${connection}>
              ${icon(state.icon)}<span>${state.words}</span>
            </p>`
          : nothing
      }
      ${speaking ? html`<span class="visually-hidden">speaking</span>` : nothing}
      <p class="tile-name">
        ${
          microphone || this.screen
            ? nothing
            : html`<span class="tile-muted" title="Microphone off">${icon("microphone-off")}</span>`
        }
        <span class="tile-text">${this.caption()}</span>
      </p>
    </article>`;
  }

  private caption(): string {
    const { name, self } = this.participant;
    if (this.screen) return self ? "Your screen" : `${name}’s screen`;
    return self ? `${name} (you)` : name;
  }

  /** What the eye takes from the tile, in words. */
  private spoken(camera: boolean, microphone: boolean, connection: string | undefined): string {
    if (this.screen) return this.caption();
    return [
      this.caption(),
      microphone ? null : "microphone off",
      camera ? null : "camera off",
      connection?.replace("…", ""),
    ]
      .filter(Boolean)
      .join(", ");
  }
}
