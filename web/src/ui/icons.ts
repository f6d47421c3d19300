import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

const slash = svg`<path d="M4 4l16 16" />`;
const microphone = svg`<rect x="9" y="3" width="6" height="11" rx="3" /><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />`;
const camera = svg`<rect x="3" y="6.5" width="12.5" height="11" rx="2.5" /><path d="M15.5 10.8 21 7.8v8.4l-5.5-3" />`;

const screen = svg`<rect x="3" y="4.5" width="18" height="12" rx="2" /><path d="M8.5 20h7M12 16.5V20" />`;

const shapes = {
  microphone,
  "microphone-off": svg`${microphone}${slash}`,
  camera,
  "camera-off": svg`${camera}${slash}`,
  screen: svg`${screen}<path d="M12 13.5V8M9.5 10 12 7.5l2.5 2.5" />`,
  "screen-off": svg`${screen}<path d="m9.8 8.3 4.4 4.4M14.2 8.3l-4.4 4.4" />`,
  chat: svg`<path d="M6 5h12a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7l-4.5 3.5V16H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z" />`,
  leave: svg`<path d="M3 14.4C3 12 7 9.5 12 9.5s9 2.5 9 4.9v1.7l-4.5-.6v-2.2c-2.8-.9-6.2-.9-9 0v2.2L3 16.1z" />`,
  link: svg`<path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1" />`,
  settings: svg`<path d="M4 7h9M19 7h1M4 17h1M11 17h9" /><circle cx="16" cy="7" r="2.6" /><circle cx="8" cy="17" r="2.6" />`,
  people: svg`<circle cx="9" cy="8.5" r="3.5" /><path d="M2.5 19.5a6.5 6.5 0 0 1 13 0M16 5.3a3.5 3.5 0 0 1 0 6.4M18.5 14.5a6.5 6.5 0 0 1 3 5" />`,
  close: svg`<path d="M6 6l12 12M18 6 6 18" />`,
  send: svg`<path d="M4 12 20 4.5 16 20l-4.5-6z" /><path d="M11.5 14 20 4.5" />`,
  sound: svg`<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11" />`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`,
  warning: svg`<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2" />`,
  waiting: svg`<path d="M20 12a8 8 0 1 1-3-6.2M17 2.5v3.5h-3.5" />`,
  weak: svg`<path d="M5 19v-3M10 19v-6" /><path d="M15 19V9M20 19V5" opacity=".35" />`,
  lost: svg`<path d="M5 19v-3M10 19v-6M15 19v-4M20 19V5" opacity=".6" /><path d="M4 4l16 16" />`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof shapes;

/** An icon is always beside words that say the same, so it is hidden from assistive technology. */
export const icon = (name: IconName): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    ${shapes[name]}
  </svg>`;

export const brandMark: TemplateResult = html`<svg
  class="brand-mark"
  viewBox="0 0 32 32"
  aria-hidden="true"
  focusable="false"
>
  <path d="M8 20c4 0 4-8 8-8s4 8 8 8" />
  <circle cx="8" cy="20" r="3.2" />
  <circle cx="24" cy="20" r="3.2" />
</svg>`;
