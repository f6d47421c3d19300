/** The page's own address: which session, as whom, and whether the lobby is skipped. */
export type Link =
  | { ok: true; session: string; name: string | null; skipLobby: boolean }
  | { ok: false; asked: string; why: string };

const SESSION_ID = /^[A-Za-z0-9_-]{1,128}$/u;
const DEMO = "demo-";

export function readLink(search: string): Link {
  const query = new URLSearchParams(search);
  const asked = query.get("session")?.trim() || newSessionId();
  if (!SESSION_ID.test(asked)) {
    return {
      ok: false,
      asked,
      why: "The name of a call has at most 128 letters, digits, hyphens and underscores.",
    };
  }
  if (!asked.startsWith(DEMO) || asked === DEMO) {
    return {
      ok: false,
      asked,
      why: `The name of a call on this page begins with “${DEMO}”.`,
    };
  }
  return {
    ok: true,
    session: asked,
    name: query.get("name")?.trim() || null,
    skipLobby: query.get("join") === "1",
  };
}

/** Puts the session into the address bar, so that a reload, a bookmark and a copied address all lead back to it. */
export function showInAddress(session: string): void {
  const url = new URL(location.href);
  if (url.searchParams.get("session") === session) return;
  url.searchParams.set("session", session);
  history.replaceState(history.state, "", url);
}

// Without the letters and digits that are mistaken for each other. 32 of them: a byte picks one without bias.
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

/** Fifty random bits, e.g. `demo-k7m2q-x9r4t`: readable aloud, and not to be guessed. */
export function newSessionId(): string {
  const letters = Array.from(
    crypto.getRandomValues(new Uint8Array(10)),
    (byte) => LETTERS[byte % LETTERS.length],
  ).join("");
  return `${DEMO}${letters.slice(0, 5)}-${letters.slice(5)}`;
}
