export interface Grid {
  columns: number;
  width: number;
  height: number;
}

const WIDEST = 16 / 9;
// Cameras are 4:3 or wider. On an upright phone cropping their sides shows faces larger; elsewhere it would only cut.
const NARROWEST = 4 / 3;
const NARROWEST_UPRIGHT = 3 / 4;
const SMALLEST_TILE = 96;

/** The number of columns whose tiles are largest, for `count` tiles in a box. Below the smallest tile the box scrolls. */
export function bestGrid(count: number, boxWidth: number, boxHeight: number, gap: number): Grid {
  const narrowest = boxHeight > boxWidth ? NARROWEST_UPRIGHT : NARROWEST;
  let best: Grid = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const tile = fit(
      (boxWidth - gap * (columns - 1)) / columns,
      (boxHeight - gap * (rows - 1)) / rows,
      narrowest,
    );
    if (tile.width * tile.height > best.width * best.height) best = { columns, ...tile };
  }
  if (best.width >= SMALLEST_TILE || boxWidth <= 0) return best;
  const columns = Math.max(1, Math.floor((boxWidth + gap) / (SMALLEST_TILE + gap)));
  const width = Math.floor((boxWidth - gap * (columns - 1)) / columns);
  return { columns, width, height: Math.floor(width / NARROWEST) };
}

/** The largest tile of an allowed shape in one cell. */
function fit(width: number, height: number, narrowest: number): { width: number; height: number } {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  const shape = Math.min(Math.max(width / height, narrowest), WIDEST);
  const fitted = Math.min(width, height * shape);
  return { width: Math.floor(fitted), height: Math.floor(fitted / shape) };
}
