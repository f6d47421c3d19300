import { LitElement } from "lit";

/**
 * A Lit element that renders into the page itself instead of a shadow root: the pages have one stylesheet, labels may point
 * across elements, and `document.querySelectorAll("video")` in the console finds what one sees.
 */
export class PlainElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
