import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { capture, release, type Capture, type Device, type Wishes } from "../media/capture.js";
import { attach } from "../media/attach.js";
import { fitName } from "../session/name.js";
import { rememberDevice, rememberedName, rememberedWishes } from "../session/remembered.js";
import { avatar } from "../ui/avatar.js";
import { icon } from "../ui/icons.js";
import { PlainElement } from "../ui/plain-element.js";

export interface Ready {
  name: string;
  stream: MediaStream;
}

const LONGEST_NAME = 60;

/** Before the call: a name, a look at oneself, and what is on from the start. Fires `ready`. */
@customElement("call-lobby")
export class CallLobby extends PlainElement {
  @property() session = "";
  @property() name = "";
  @state() private wishes: Wishes = rememberedWishes();
  @state() private trouble: Capture["trouble"] = {};
  @state() private busy = false;
  private stream = new MediaStream();
  private handedOver = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.name ||= rememberedName();
    void this.open(this.wishes);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (!this.handedOver) release(this.stream);
  }

  /** Opens what is wished for and not yet open. A device that fails is switched off and said. */
  private async open(wishes: Wishes): Promise<void> {
    this.busy = true;
    const { stream, trouble } = await capture(wishes);
    if (!this.isConnected) return release(stream);
    for (const track of stream.getTracks()) this.stream.addTrack(track);
    this.trouble = { ...this.trouble, ...trouble };
    this.wishes = {
      microphone: this.stream.getAudioTracks().length > 0,
      camera: this.stream.getVideoTracks().length > 0,
    };
    this.busy = false;
  }

  private async toggle(device: Device): Promise<void> {
    if (this.busy) return;
    rememberDevice(device, !this.wishes[device]);
    const { [device]: _, ...others } = this.trouble;
    this.trouble = others;
    if (!this.wishes[device]) {
      return this.open({ microphone: false, camera: false, [device]: true });
    }
    // Off means off: the light of the camera goes out.
    for (const track of this.stream.getTracks()) {
      if ((track.kind === "audio") !== (device === "microphone")) continue;
      track.stop();
      this.stream.removeTrack(track);
    }
    this.wishes = { ...this.wishes, [device]: false };
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    this.handedOver = true;
    this.dispatchEvent(
      new CustomEvent<Ready>("ready", {
        bubbles: true,
        detail: { name: this.name.trim(), stream: this.stream },
      }),
    );
  }

  protected override updated(): void {
    const video = this.querySelector("video");
    if (video) attach(video, this.stream.getVideoTracks());
  }

  protected override render(): TemplateResult {
    return html`<main class="lobby">
      <section class="preview" aria-label="Your camera">
        <video muted playsinline ?hidden=${!this.wishes.camera}></video>
        ${
          this.wishes.camera && !this.busy
            ? nothing
            : html`<div class="preview-empty">
                ${avatar(fitName(this.name))}
                <p>${this.busy ? "Asking for camera and microphone…" : "Your camera is off"}</p>
              </div>`
        }
        <div class="preview-toggles">
          ${this.deviceButton("microphone", "Microphone")} ${this.deviceButton("camera", "Camera")}
        </div>
      </section>
      <form class="lobby-form" @submit=${this.submit}>
        <h1>Join the call</h1>
        <p class="session-name">${this.session}</p>
        <label for="name">Your name</label>
        <input
          id="name"
          name="name"
          type="text"
          autocomplete="name"
          placeholder="Guest"
          maxlength=${LONGEST_NAME}
          .value=${this.name}
          @input=${(event: InputEvent) => (this.name = (event.target as HTMLInputElement).value)}
          aria-describedby="name-hint"
          data-testid="lobby-name"
        />
        <p class="hint" id="name-hint">The others see it beside your picture.</p>
        <div class="trouble" role="status" data-testid="lobby-trouble">
          ${Object.values(this.trouble).map(
            (words) => html`<p>${icon("warning")}<span>${words}</span></p>`,
          )}
          ${
            Object.keys(this.trouble).length > 0
              ? html`<p class="hint">You can join without, and switch it on later.</p>`
              : nothing
          }
        </div>
        <button class="primary" type="submit" data-testid="lobby-join">Join</button>
      </form>
    </main>`;
  }

  private deviceButton(device: Device, label: string): TemplateResult {
    const on = this.wishes[device];
    return html`<button
      type="button"
      class="round"
      aria-pressed=${on}
      aria-label=${label}
      title=${`Turn the ${device} ${on ? "off" : "on"}`}
      data-testid=${`lobby-${device}`}
      @click=${() => this.toggle(device)}
    >
      ${icon(on ? device : `${device}-off`)}
    </button>`;
  }
}
