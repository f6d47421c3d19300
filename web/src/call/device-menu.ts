import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Call, Participant } from "samewire";
import { inWords, type Device } from "../media/capture.js";
import { icon } from "../ui/icons.js";
import { notify } from "../ui/notices.js";
import { PlainElement } from "../ui/plain-element.js";

const KINDS = [
  { device: "microphone", label: "Microphone", kind: "audioinput" },
  { device: "camera", label: "Camera", kind: "videoinput" },
] as const;

/** A button, and what it opens: which microphone and which camera to use. */
@customElement("device-menu")
export class DeviceMenu extends PlainElement {
  @property({ attribute: false }) call!: Call;
  @property({ attribute: false }) self: Participant | undefined;
  @state() private devices: readonly MediaDeviceInfo[] = [];
  /** What was chosen here: while a device is off, no track tells. */
  @state() private chosen: Partial<Record<Device, string>> = {};

  override connectedCallback(): void {
    super.connectedCallback();
    navigator.mediaDevices?.addEventListener("devicechange", this.list);
    void this.list();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    navigator.mediaDevices?.removeEventListener("devicechange", this.list);
  }

  private readonly list = async (): Promise<void> => {
    this.devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  };

  private used(device: Device): string | undefined {
    const track = this.self?.tracks.find(({ source }) => source === device)?.track;
    return track?.getSettings().deviceId ?? this.chosen[device];
  }

  private async choose(device: Device, id: string): Promise<void> {
    try {
      await this.call.setDevice(device, id);
      this.chosen = { ...this.chosen, [device]: id };
    } catch (thrown) {
      notify(this, { text: inWords(device, thrown), kind: "error" });
    }
    // What is shown is what is used, refused or not.
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`<button
        type="button"
        class="header-icon"
        popovertarget="devices"
        title="Choose a microphone and a camera"
        aria-label="Devices"
        data-testid="devices"
        @click=${this.list}
      >
        ${icon("settings")}
      </button>
      <form
        id="devices"
        class="devices"
        popover
        aria-label="Devices"
        @submit=${(event: Event) => event.preventDefault()}
      >
        ${KINDS.map(({ device, label, kind }) => this.select(device, label, kind))}
      </form>`;
  }

  private select(device: Device, label: string, kind: MediaDeviceKind): TemplateResult {
    // Without permission there is one of each kind that has neither name nor id.
    const all = this.devices.filter((one) => one.kind === kind && one.deviceId !== "");
    const used = this.used(device);
    return html`<label>
      <span>${label}</span>
      <select
        data-testid=${`device-${device}`}
        ?disabled=${all.length === 0}
        @change=${({ target }: Event) => this.choose(device, (target as HTMLSelectElement).value)}
      >
        ${all.length === 0 ? html`<option>None found</option>` : nothing}
        ${all.map(
          ({ deviceId, label: name }, at) =>
            html`<option value=${deviceId} .selected=${deviceId === used}>
              ${name || `${label} ${at + 1}`}
            </option>`,
        )}
      </select>
    </label>`;
  }
}
