/** Why there is no call, by the code of whoever said so: the package, the server, or this page. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = "Problem";
  }

  /** Anything that was thrown, as a problem. The package's errors bring a `code`. */
  static from(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (!(thrown instanceof Error)) return new Problem("unknown", String(thrown));
    const { code, retryAfterMs } = thrown as {
      code?: unknown;
      retryAfterMs?: unknown;
    };
    return new Problem(
      typeof code === "string" ? code : "unknown",
      thrown.message,
      typeof retryAfterMs === "number" ? retryAfterMs : undefined,
    );
  }
}
