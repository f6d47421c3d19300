import { html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "./icons.js";
import { PlainElement } from "./plain-element.js";

export interface Notice {
  text: string;
  kind?: "info" | "error";
  /** Read out, not shown: what everyone who sees the page sees anyway. */
  quiet?: boolean;
  /** A line of the chat: whoever opens the chat reads it there. */
  chat?: boolean;
}

/** Says something to whoever uses the page. `from` is any element inside it: the notice bubbles up to the page. */
export function notify(from: EventTarget, notice: Notice): void {
  from.dispatchEvent(
    new CustomEvent<Notice>("notice", {
      bubbles: true,
      composed: true,
      detail: notice,
    }),
  );
}

const SHOWN_MS = 5_000;
const ERROR_SHOWN_MS = 10_000;
const AT_MOST = 4;

/** The one live region of the page: toasts for the eye, announcements for the ear. */
@customElement("notice-list")
export class NoticeList extends PlainElement {
  @state() private shown: (Notice & { key: number })[] = [];
  private nextKey = 0;

  add(notice: Notice): void {
    const key = this.nextKey++;
    this.shown = [...this.shown, { ...notice, key }].slice(-AT_MOST);
    setTimeout(() => this.drop(key), notice.kind === "error" ? ERROR_SHOWN_MS : SHOWN_MS);
  }

  /** The page has turned, and what was said belongs to the one before. */
  clear(): void {
    this.shown = [];
  }

  dropChat(): void {
    this.shown = this.shown.filter((notice) => !notice.chat);
  }

  private drop(key: number): void {
    this.shown = this.shown.filter((notice) => notice.key !== key);
  }

  protected override render(): TemplateResult {
    return html`<div
      class="notices"
      role="status"
      aria-live="polite"
      aria-atomic="false"
      data-testid="notice"
    >
      ${repeat(
        this.shown,
        (notice) => notice.key,
        (notice) =>
          html`<p
            class=${notice.quiet ? "visually-hidden" : "toast"}
            data-kind=${notice.kind ?? "info"}
          >
            ${notice.kind === "error" ? icon("warning") : null}<span>${notice.text}</span>
          </p>`,
      )}
    </div>`;
  }
}
