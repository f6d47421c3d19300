const NAME = "samewire.demo.name";

/** Storage may be switched off or full; the page works without. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

export function rememberName(name: string): void {
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // Not remembered, then.
  }
}
