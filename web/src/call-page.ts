import { html, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import type { Call } from "samewire";
import "./call/call-room.js";
import "./lobby/call-lobby.js";
import type { Ready } from "./lobby/call-lobby.js";
import { capture, release, type Capture } from "./media/capture.js";
import "./session/call-over.js";
import { endingOf, type Ending, type Way } from "./session/endings.js";
import { enter } from "./session/enter.js";
import { fitName } from "./session/name.js";
import { readLink, showInAddress } from "./session/link.js";
import { Problem } from "./session/problem.js";
import {
  rememberedName,
  rememberedWishes,
  rememberInside,
  rememberName,
  wasInside,
} from "./session/remembered.js";
import { brandMark } from "./ui/icons.js";
import "./ui/notices.js";
import type { Notice, NoticeList } from "./ui/notices.js";
import { PlainElement } from "./ui/plain-element.js";

declare global {
  interface Window {
    /** This page's own handle on its call, for the console and for tests. The package itself sets nothing global. */
    samewireCall?: Call | undefined;
  }
}

type Stage =
  { at: "lobby" } | { at: "joining" } | { at: "call"; call: Call } | { at: "over"; ending: Ending };

/** The demo: link → lobby → call → over, and back. */
@customElement("call-page")
export class CallPage extends PlainElement {
  @state() private stage: Stage = { at: "lobby" };
  @query("notice-list") private notices!: NoticeList;
  private session = "";
  private name = "";
  private stream: MediaStream | null = null;
  /** Each try to join has a number; the result of one that was given up is thrown away. */
  private attempt = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("online", this.backOnline);
    const link = readLink(location.search);
    if (!link.ok) {
      const title = "This link does not lead to a call";
      this.stage = {
        at: "over",
        ending: { code: "bad-link", title, text: link.why, ways: ["new"] },
      };
      return;
    }
    this.session = link.session;
    this.name = link.name ?? rememberedName();
    showInAddress(link.session);
    document.title = `${link.session} · Samewire`;
    if (link.skipLobby || wasInside(link.session)) void this.join();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("online", this.backOnline);
  }

  protected override updated(): void {
    // The call and its end take the focus to their heading themselves.
    if (this.stage.at === "joining") this.querySelector("h1")?.focus();
  }

  private readonly backOnline = (): void => {
    if (this.stage.at === "over" && this.stage.ending.code === "offline") void this.join();
  };

  /** With the stream of the lobby, or with a fresh one of what was on before: nobody is unmuted by coming back. */
  private async join(stream?: MediaStream): Promise<void> {
    const attempt = ++this.attempt;
    this.stage = { at: "joining" };
    const captured: Capture = stream ? { stream, trouble: {} } : await capture(rememberedWishes());
    const stale = () => attempt !== this.attempt;
    if (stale()) return release(captured.stream);
    this.stream = captured.stream;
    try {
      const call = await enter(this.session, fitName(this.name), captured.stream);
      if (stale()) return void call.leave().catch(() => undefined);
      window.samewireCall = call;
      rememberInside(this.session);
      rememberName(this.name);
      this.stage = { at: "call", call };
      for (const words of Object.values(captured.trouble)) {
        this.notices.add({
          text: `${words} You are in without it.`,
          kind: "error",
        });
      }
    } catch (thrown) {
      if (!stale()) this.end(endingOf(Problem.from(thrown)));
    }
  }

  private end(ending: Ending): void {
    this.attempt += 1;
    rememberInside("");
    release(this.stream);
    this.stream = null;
    window.samewireCall = undefined;
    this.notices?.clear();
    this.stage = { at: "over", ending };
  }

  private ready({ detail: { name, stream } }: CustomEvent<Ready>): void {
    this.name = name;
    void this.join(stream);
  }

  private goTo(way: Way): void {
    switch (way) {
      case "rejoin":
        return void this.join();
      case "lobby":
        this.attempt += 1;
        release(this.stream);
        this.stage = { at: "lobby" };
        return;
      case "new":
        return location.assign("/");
      case "reload":
        return location.reload();
    }
  }

  protected override render(): TemplateResult {
    return html`<div
      class="page"
      data-stage=${this.stage.at}
      @notice=${(event: CustomEvent<Notice>) => this.notices.add(event.detail)}
      @chat-read=${() => this.notices.dropChat()}
    >
      ${this.stage.at === "call" ? null : html`<header class="brand">${brandMark}<span>Samewire</span></header>`}
      ${this.current()}
      <notice-list></notice-list>
    </div>`;
  }

  private current(): TemplateResult {
    switch (this.stage.at) {
      case "lobby":
        return html`<call-lobby
          .session=${this.session}
          .name=${this.name}
          @ready=${this.ready}
        ></call-lobby>`;
      case "joining":
        return html`<main class="message" data-testid="joining">
          <h1 tabindex="-1">Joining…</h1>
          <p class="session-name">${this.session}</p>
          <progress aria-label="Joining the call"></progress>
          <div class="ways">
            <button type="button" class="secondary" @click=${() => this.goTo("lobby")}>
              Cancel
            </button>
          </div>
        </main>`;
      case "call":
        return html`<call-room
          .session=${this.session}
          .call=${this.stage.call}
          @over=${(event: CustomEvent<Ending>) => this.end(event.detail)}
        ></call-room>`;
      case "over":
        return html`<call-over
          .ending=${this.stage.ending}
          @way=${(event: CustomEvent<Way>) => this.goTo(event.detail)}
        ></call-over>`;
    }
  }
}
