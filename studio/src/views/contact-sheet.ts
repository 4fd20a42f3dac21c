/** How planes (feature maps, filters) are laid out in a sheet, and where each one is. */

export interface Sheet {
  readonly columns: number;
  readonly rows: number;
  /** Size of a plane on the sheet, in CSS pixels. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly width: number;
  readonly height: number;
}

interface Planar {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

export const sheetGap = 3;
/** Room around the planes for the frame of the chosen one. */
const margin = 2;
/** A plane is drawn at most so wide, and all of them so high, where that leaves them wide enough. */
const widest = 112;
const highest = 380;
const narrowest = 28;
/** Sides of planes that are one value each. */
const point = { widest: 24, narrowest: 14 };

/** A vector is a row of single values: each of them becomes a plane of its own. */
export function asPlanes<T extends Planar>(planes: T): T {
  const isVector = planes.count === 1 && planes.height === 1 && planes.width > 1;
  return isVector ? { ...planes, count: planes.width, width: 1, height: 1 } : planes;
}

/**
 * Lays planes out in the width that there is, as large as all of them are still seen at once. A plane is a whole number
 * of times its own size, unless it has to be made smaller.
 */
export function layOut(planar: Planar, available: number): Sheet {
  const { height, width } = planar;
  const limits = width === 1 && height === 1 ? point : { widest, narrowest };
  const room = Math.min(limits.widest, available - 2 * margin);
  if (room < width) return sheetAt(planar, available, room / width);
  const largest = Math.floor(room / width);
  for (let scale = largest; scale > 1; scale--) {
    const sheet = sheetAt(planar, available, scale);
    if (sheet.height <= highest || sheet.cellWidth - width < limits.narrowest) return sheet;
  }
  return sheetAt(planar, available, 1);
}

function sheetAt({ count, height, width }: Planar, available: number, scale: number): Sheet {
  const cellWidth = Math.max(1, Math.round(width * scale));
  const cellHeight = Math.max(1, Math.round(height * scale));
  const fitting = Math.floor((available - 2 * margin + sheetGap) / (cellWidth + sheetGap));
  const columns = Math.max(1, Math.min(count, fitting));
  const rows = Math.ceil(count / columns);
  return {
    columns,
    rows,
    cellWidth,
    cellHeight,
    width: columns * (cellWidth + sheetGap) - sheetGap + 2 * margin,
    height: Math.max(0, rows * (cellHeight + sheetGap) - sheetGap) + 2 * margin,
  };
}

/** Left upper corner of a plane. */
export const cornerOf = (sheet: Sheet, index: number): { readonly x: number; readonly y: number } => ({
  x: margin + (index % sheet.columns) * (sheet.cellWidth + sheetGap),
  y: margin + Math.floor(index / sheet.columns) * (sheet.cellHeight + sheetGap),
});

/** The plane at a point, or null between planes. */
export function planeAt(sheet: Sheet, count: number, left: number, top: number): number | null {
  const [x, y] = [left - margin, top - margin];
  const [pitchX, pitchY] = [sheet.cellWidth + sheetGap, sheet.cellHeight + sheetGap];
  const [column, row] = [Math.floor(x / pitchX), Math.floor(y / pitchY)];
  const index = row * sheet.columns + column;
  const isInside = column >= 0 && column < sheet.columns && row >= 0 && index < count;
  return isInside && x - column * pitchX < sheet.cellWidth && y - row * pitchY < sheet.cellHeight
    ? index
    : null;
}
