export interface Strip {
  /** Whether the room is upright: people are below the screen then. */
  upright: boolean;
  width: number;
  height: number;
}

const SHAPE = 4 / 3;
const SMALLEST = 84;
const LARGEST = 220;
/** What of the room people get. */
const SHARE = 1 / 5;

/** How large people are beside a shared screen, for which the rest of the box is. */
export function beside(boxWidth: number, boxHeight: number): Strip {
  const upright = boxHeight > boxWidth;
  const wanted = upright ? boxHeight * SHARE * SHAPE : boxWidth * SHARE;
  const width = Math.floor(Math.min(Math.max(wanted, SMALLEST), LARGEST));
  return { upright, width, height: Math.floor(width / SHAPE) };
}
