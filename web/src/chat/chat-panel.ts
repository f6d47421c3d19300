import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ChatMessage } from "samewire";
import { icon } from "../ui/icons.js";
import { PlainElement } from "../ui/plain-element.js";
import { lengthOf, LONGEST_MESSAGE } from "./message-length.js";

const COUNTER_FROM = LONGEST_MESSAGE - 400;
// Close to the end of the list means reading along: then new messages scroll into view.
const NEAR_END = 80;
const GROUPED_MS = 3 * 60_000;

/** Beside the call on a desk, a sheet below it on a phone. Fires `send` and `close`. */
@customElement("chat-panel")
export class ChatPanel extends PlainElement {
  @property({ attribute: false }) messages: readonly ChatMessage[] = [];
  @state() private draft = "";
  private follow = true;

  /** Gives back what could not be sent, unless something new was typed meanwhile. */
  restore(text: string): void {
    this.draft ||= text;
  }

  override focus(): void {
    this.querySelector("textarea")?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("messages") || !this.hasUpdated) return;
    const list = this.querySelector(".chat-list");
    const own = this.messages.at(-1)?.self ?? false;
    this.follow = own || !list || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const list = this.querySelector(".chat-list");
    if (list && changed.has("messages") && this.follow) list.scrollTop = list.scrollHeight;
  }

  private send(event?: Event): void {
    event?.preventDefault();
    const text = this.draft.trim();
    if (text === "" || lengthOf(text) > LONGEST_MESSAGE) return;
    this.draft = "";
    this.dispatchEvent(new CustomEvent<string>("send", { bubbles: true, detail: text }));
  }

  private press(event: KeyboardEvent): void {
    // While an input method composes, Enter belongs to it. With Shift it is a new line.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.send(event);
  }

  protected override render(): TemplateResult {
    return html`<aside class="chat" id="chat" aria-label="Chat">
      <div class="chat-head">
        <h2>Chat</h2>
        <button
          type="button"
          class="round plain"
          aria-label="Close the chat"
          title="Close the chat (Esc)"
          @click=${() => this.dispatchEvent(new CustomEvent("close", { bubbles: true }))}
        >
          ${icon("close")}
        </button>
      </div>
      <div class="chat-list" role="log" aria-label="Messages" tabindex="0">
        ${
          this.messages.length === 0
            ? html`<p class="chat-empty">
                No messages yet. What you write here, everyone in the call reads.
              </p>`
            : this.messages.map((message, at) => this.message(message, this.messages[at - 1]))
        }
      </div>
      ${this.form()}
    </aside>`;
  }

  /** Text stays text: Lit escapes it, and nothing in it becomes a link. */
  private message(message: ChatMessage, before: ChatMessage | undefined): TemplateResult {
    const at = new Date(message.at);
    const grouped =
      before?.from === message.from && at.getTime() - new Date(before.at).getTime() < GROUPED_MS;
    const time = at.toLocaleTimeString([], {
      hour: "2-digit",
      minute: "2-digit",
    });
    return html`<div
      class="message-row"
      ?data-self=${message.self}
      ?data-grouped=${grouped}
      data-testid="chat-message"
      data-from=${message.from}
    >
      <p class=${grouped ? "visually-hidden" : "message-meta"}>
        <span class="message-name">${message.self ? "You" : message.name}</span>
        <time datetime=${at.toISOString()}>${time}</time>
      </p>
      <p class="bubble" dir="auto" data-testid="chat-text">${message.text}</p>
    </div>`;
  }

  private form(): TemplateResult {
    const length = lengthOf(this.draft.trim());
    const tooLong = length > LONGEST_MESSAGE;
    return html`<form class="chat-form" @submit=${this.send}>
      <textarea
        rows="1"
        aria-label="Message to everyone"
        aria-invalid=${tooLong}
        aria-describedby=${length >= COUNTER_FROM ? "chat-counter" : nothing}
        placeholder="Message to everyone"
        enterkeyhint="send"
        .value=${this.draft}
        @input=${(event: InputEvent) => (this.draft = (event.target as HTMLTextAreaElement).value)}
        @keydown=${this.press}
        data-testid="chat-input"
      ></textarea>
      <button
        class="round primary"
        type="submit"
        aria-label="Send"
        title="Send (Enter)"
        ?disabled=${length === 0 || tooLong}
        data-testid="chat-send"
      >
        ${icon("send")}
      </button>
      ${
        length >= COUNTER_FROM
          ? html`<p
              class="chat-counter"
              id="chat-counter"
              ?data-over=${tooLong}
              data-testid="chat-counter"
            >
              ${
                tooLong
                  ? `${length - LONGEST_MESSAGE} characters too many`
                  : `${LONGEST_MESSAGE - length} characters left`
              }
            </p>`
          : nothing
      }
    </form>`;
  }
}
