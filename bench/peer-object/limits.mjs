// How long, how many, how large: what `docs/configuration.md` and the core have, in JavaScript.

export const HELLO_DEADLINE = 10_000;
export const LEASE = 30_000;
export const EMPTY_GRACE = 10_000;
export const TOO_EARLY = 15_000;
export const TELL_AGAIN = 5_000;
export const RETENTION = 24 * 3_600_000;
export const CHAT_KEPT = 200;
export const MAX_CHAT_CHARS = 4_000;
export const MAX_FRAME_BYTES = 64 * 1024;
export const MAX_UNACKNOWLEDGED_FRAMES = 256;
export const MAX_UNACKNOWLEDGED_BYTES = 256 * 1024;
export const PEOPLE = 8;
export const FRAME_BURST = 1_000_000;
export const FRAME_EVERY = 100;
export const PLAIN_NAME = /^[A-Za-z0-9_-]{1,128}$/;
