const LONGEST_BYTES = 128;

/** A name as the server takes it: never empty, and cut between characters where it would be too long. */
export function fitName(typed: string): string {
  const encoder = new TextEncoder();
  let bytes = 0;
  let name = "";
  for (const character of typed.trim().replace(/\s+/gu, " ")) {
    bytes += encoder.encode(character).length;
    if (bytes > LONGEST_BYTES) break;
    name += character;
  }
  return name || "Guest";
}
