import { notify } from "./notices.js";

/** Copies the link without what belongs to its owner alone: their name, and that they skipped the lobby. */
export async function copyLink(from: HTMLElement, session: string): Promise<void> {
  const link = linkTo(session);
  try {
    await navigator.clipboard.writeText(link);
    notify(from, { text: "Link copied. Send it to whoever should join." });
  } catch {
    notify(from, {
      text: `Copying was not allowed. The link is ${link}`,
      kind: "error",
    });
  }
}

export const linkTo = (session: string): string =>
  new URL(`/?session=${encodeURIComponent(session)}`, location.href).href;
