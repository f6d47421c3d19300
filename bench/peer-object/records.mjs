// What one session stores and shows: its tables, its records, its frames, its names.

export const SCHEMA = [
  "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS participants (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS cursors (participant TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS kept (participant TEXT, seq INTEGER, frame TEXT NOT NULL, PRIMARY KEY (participant, seq)) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS chat (number INTEGER PRIMARY KEY, line TEXT NOT NULL)",
  "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL)",
];

export function newcomer(record, since, ws) {
  const cursor = { seq: 0, last_id: 0, dropped: 0 };
  return { record, since, ws, cursor, kept: [], bytes: 0, full_at: since };
}

export function view({ record, ws }) {
  const { id, user, name, role, ordinal, generation, connected, tracks, hidden } = record;
  const connection = ws ? (connected ? "good" : "connecting") : "lost";
  return { id, user_id: user, name, role, ordinal, generation, connection, tracks, hidden };
}

export function keep(participant, seq, json) {
  participant.kept.push({ seq, bytes: json.length });
  participant.bytes += json.length;
}

export function framed(seq, json) {
  return `{"seq":${seq},${json.slice(1)}`;
}

/** 122 bits of randomness in 32 characters. */
export function name() {
  return crypto.randomUUID().replaceAll("-", "");
}

export function uuidv7() {
  const random = crypto.randomUUID();
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

export async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
