import { html, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";

/** "Ana María López" → "AL", "ana" → "A". Counted in characters as people see them, not in code units. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  const letters = picked.map((word) => Array.from(word ?? "")[0] ?? "").join("");
  return letters.toLocaleUpperCase() || "?";
}

/** The same name has the same colour on everyone's screen. Only the hue varies, so white letters stay readable on it. */
export function hueOf(name: string): number {
  let hash = 2_166_136_261;
  for (const character of name) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  }
  return (hash >>> 0) % 360;
}

export const avatar = (name: string): TemplateResult =>
  html`<div class="avatar" style=${styleMap({ "--hue": String(hueOf(name)) })} aria-hidden="true">
    ${initials(name)}
  </div>`;
