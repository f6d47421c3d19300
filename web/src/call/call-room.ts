import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Call } from "samewire";
import "../chat/chat-panel.js";
import type { ChatPanel } from "../chat/chat-panel.js";
import { play } from "../media/attach.js";
import { rememberDevice } from "../session/remembered.js";
import { inWords, type Device } from "../media/capture.js";
import { endingOf, youLeft, type Ending } from "../session/endings.js";
import { Problem } from "../session/problem.js";
import { copyLink } from "../ui/copy-link.js";
import { icon } from "../ui/icons.js";
import { notify } from "../ui/notices.js";
import { PlainElement } from "../ui/plain-element.js";
import { banner, people } from "./announcements.js";
import "./call-controls.js";
import { canShare, type Command } from "./call-controls.js";
import "./call-grid.js";
import "./call-header.js";
import type { CallHeader } from "./call-header.js";
import { Shortcuts } from "./shortcuts.js";
import { isOn } from "./tracks.js";
import { WatchedCall } from "./watch-call.js";

/** A running call. Fires `over` with its ending, once. */
@customElement("call-room")
export class CallRoom extends PlainElement {
  @property() session = "";
  @property({ attribute: false }) call!: Call;
  @state() private chatOpen = false;
  @state() private unread = 0;
  @state() private soundBlocked = false;
  private watched!: WatchedCall;
  private pending = new Set<Device>();
  private over = false;

  constructor() {
    super();
    new Shortcuts(this, {
      m: () => this.toggle("microphone"),
      v: () => this.toggle("camera"),
      s: () => canShare() && this.toggleScreen(),
      c: () => this.toggleChat(),
      escape: () => this.chatOpen && this.toggleChat(),
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watched ??= new WatchedCall(
      this,
      this.call,
      (message) => {
        if (this.chatOpen || message.self) return;
        this.unread += 1;
        notify(this, { text: `${message.name}: ${excerpt(message.text)}`, chat: true });
      },
      () => this.finish(),
    );
    const count = this.watched.participants.length;
    const others = count > 1 ? `, ${people(count)} in the call` : "";
    notify(this, { text: `You are in${others}`, quiet: true });
  }

  protected override async firstUpdated(): Promise<void> {
    // The heading is the header's, which renders after this.
    const header = this.querySelector<CallHeader>("call-header");
    await header?.updateComplete;
    header?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  /** Told twice when an error and the state `left` come together; the first to know why wins. */
  private finish(ending?: Ending): void {
    if (this.over) return;
    // An error that explains the end may follow the state at once.
    queueMicrotask(() => {
      if (this.over) return;
      this.over = true;
      const { problem } = this.watched;
      const detail = ending ?? (problem ? endingOf(problem) : youLeft);
      this.dispatchEvent(new CustomEvent<Ending>("over", { bubbles: true, detail }));
    });
  }

  private obey(command: Command): void {
    switch (command) {
      case "microphone":
      case "camera":
        return void this.toggle(command);
      case "screen":
        return void this.toggleScreen();
      case "chat":
        return this.toggleChat();
      case "leave":
        return void this.leave();
    }
  }

  private async leave(): Promise<void> {
    // The person is out at once; whether the server could still be told is not their concern.
    this.finish(youLeft);
    await this.call.leave().catch(() => undefined);
  }

  private async toggle(device: Device): Promise<void> {
    const self = this.watched.self;
    if (!self || this.pending.has(device)) return;
    const on = !isOn(self, device);
    this.pending.add(device);
    try {
      await (device === "microphone" ? this.call.setMicrophone(on) : this.call.setCamera(on));
      rememberDevice(device, on);
      const label = device === "microphone" ? "Microphone" : "Camera";
      notify(this, { text: `${label} ${on ? "on" : "off"}`, quiet: true });
    } catch (thrown) {
      notify(this, { text: inWords(device, thrown), kind: "error" });
    } finally {
      this.pending.delete(device);
      this.watched.refresh();
    }
  }

  private async toggleScreen(): Promise<void> {
    if (this.sharing) return this.call.stopScreenShare();
    try {
      await this.call.shareScreen();
    } catch (thrown) {
      // Whoever chose nothing knows; and whose system forbids it is told the same.
      notify(this, { text: Problem.from(thrown).message });
    }
  }

  private get sharing(): boolean {
    const { self } = this.watched;
    return self !== undefined && isOn(self, "screen");
  }

  private toggleChat(): void {
    this.chatOpen = !this.chatOpen;
    if (this.chatOpen) {
      this.unread = 0;
      this.dispatchEvent(new Event("chat-read", { bubbles: true }));
    }
    void this.updateComplete.then(() => {
      const target = this.chatOpen ? "chat-panel" : "[data-testid=toggle-chat]";
      this.querySelector<HTMLElement>(target)?.focus();
    });
  }

  private async send(text: string): Promise<void> {
    try {
      await this.call.chat(text);
    } catch (thrown) {
      this.querySelector<ChatPanel>("chat-panel")?.restore(text);
      notify(this, {
        text: `Not sent: ${Problem.from(thrown).message}`,
        kind: "error",
      });
    }
  }

  private async enableSound(): Promise<void> {
    const started = await Promise.all(Array.from(this.querySelectorAll("audio"), play));
    this.soundBlocked = started.includes(false);
  }

  protected override render(): TemplateResult {
    const { participants, progress, state, messages, self } = this.watched;
    const warning = banner(state, progress);
    return html`<div class="room" ?data-chat=${this.chatOpen}>
      <call-header
        .session=${this.session}
        .state=${state}
        .progress=${progress}
        .count=${participants.length}
        .call=${this.call}
        .self=${self}
      ></call-header>
      <main class="stage" @sound-blocked=${() => (this.soundBlocked = true)}>
        ${
          warning
            ? html`<p class="banner" role="alert" data-testid="banner">
                ${icon("warning")}<span>${warning}</span>
              </p>`
            : nothing
        }
        ${
          this.soundBlocked
            ? html`<button
                class="primary sound"
                @click=${this.enableSound}
                data-testid="enable-sound"
              >
                ${icon("sound")}<span>Enable sound</span>
              </button>`
            : nothing
        }
        <call-grid .participants=${participants}></call-grid>
        ${participants.length === 1 ? this.invitation() : nothing}
      </main>
      ${
        this.chatOpen
          ? html`<chat-panel
              .messages=${messages}
              @send=${(event: CustomEvent<string>) => this.send(event.detail)}
              @close=${() => this.toggleChat()}
            ></chat-panel>`
          : nothing
      }
      <call-controls
        .microphone=${self !== undefined && isOn(self, "microphone")}
        .camera=${self !== undefined && isOn(self, "camera")}
        .sharing=${this.sharing}
        .chat=${this.chatOpen}
        .unread=${this.unread}
        @command=${(event: CustomEvent<Command>) => this.obey(event.detail)}
      ></call-controls>
    </div>`;
  }

  private invitation(): TemplateResult {
    return html`<div class="invitation" data-testid="alone">
      <p>You are the only one here. Share the link to bring someone in.</p>
      <button type="button" class="primary" @click=${() => copyLink(this, this.session)}>
        ${icon("link")}<span>Copy link</span>
      </button>
    </div>`;
  }
}

const excerpt = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
