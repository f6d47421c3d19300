export const LONGEST_MESSAGE = 4_000;

/** Counted as the server counts: in Unicode characters, so that an emoji is one and not two. */
export const lengthOf = (text: string): number => Array.from(text).length;
