// How the elements look: in the page's own font, light or dark as its `color-scheme` says. A page
// changes the `--samewire-…` properties, and what is a `::part`.

const CSS = `
:host {
  --ground: var(--samewire-ground, light-dark(#ffffff, #1a2227));
  --text: var(--samewire-text, light-dark(#16211f, #e9efee));
  --soft: var(--samewire-text-soft, light-dark(#4a5754, #aab8b8));
  --line: var(--samewire-line, light-dark(#78857f, #7f8f97));
  --accent: var(--samewire-accent, light-dark(#0d6660, #6fd6c8));
  --speaking: var(--samewire-speaking, #6fd6c8);
  --on-accent: var(--samewire-on-accent, light-dark(#ffffff, #04211e));
  display: block; box-sizing: border-box; color: var(--text); background: var(--ground);
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; margin: 0; }
button, input {
  font: inherit; color: inherit; min-block-size: 2.75em; padding: 0 1em;
  border: 1px solid var(--line); border-radius: 0.6em; background: var(--ground);
}
button { cursor: pointer; }
button:disabled { cursor: default; color: var(--soft); }
.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
::placeholder { color: var(--soft); opacity: 1; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

/** Gives a shadow root the common style and its own. A sheet is no inline style: a strict CSP allows it. */
export function dress(root, own) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS + own);
  root.adoptedStyleSheets = [sheet];
}
