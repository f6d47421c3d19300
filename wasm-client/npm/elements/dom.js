// The little of a template library that these elements need.

/** An element with properties, and attributes where a name has a hyphen or is `role` or `part`. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "part") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Writes a text only where it is another one: a live region tells every writing. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes these the children, and moves none that is in its place: a video that is moved stops. */
export function arrange(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}

/** What tells the page beyond the element, out of every shadow. */
export const tell = (element, name, detail = null) =>
  element.dispatchEvent(
    new CustomEvent(`samewire-${name}`, { detail, bubbles: true, composed: true }),
  );
