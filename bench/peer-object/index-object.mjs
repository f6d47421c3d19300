// The index of live sessions.

import { DurableObject } from "cloudflare:workers";

const REMEMBERED = 600_000;

const INDEX_SCHEMA =
  "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, incarnation TEXT NOT NULL, version INTEGER NOT NULL, ended_at INTEGER, row TEXT NOT NULL) WITHOUT ROWID";

/** Which sessions are live: the newest news of each. */
export class PeerIndex extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(INDEX_SCHEMA);
  }

  async fetch(request) {
    const news = await request.json();
    const { id, incarnation, version } = news;
    const [known] = this.sql.exec("SELECT incarnation, version FROM sessions WHERE id = ?", id);
    const newer =
      !known ||
      incarnation > known.incarnation ||
      (incarnation === known.incarnation && version > known.version);
    if (newer) {
      const { news: kind, ...row } = news;
      const ended = kind === "ended";
      this.sql.exec(
        "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)",
        id,
        incarnation,
        version,
        ended ? Date.now() : null,
        JSON.stringify(ended ? { id, incarnation } : row),
      );
      this.sql.exec("DELETE FROM sessions WHERE ended_at < ?", Date.now() - REMEMBERED);
    }
    return new Response();
  }
}
