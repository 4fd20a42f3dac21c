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
/** A plane is drawn at least and at most so wide; a whole number of pixels for each of its own where it can be. */
const narrowest = 32;
const widest = 112;

/** A vector is a row of single values: each of them becomes a plane of its own. */
export function asPlanes<T extends Planar>(planes: T): T {
  const isVector = planes.count === 1 && planes.height === 1 && planes.width > 1;
  return isVector ? { ...planes, count: planes.width, width: 1, height: 1 } : planes;
}

/** Fills the width that there is with planes of one size, as large as `most` allows. */
export function layOut({ count, height, width }: Planar, available: number): Sheet {
  const isPoint = width === 1 && height === 1;
  const most = isPoint ? 24 : widest;
  const wanted = Math.min(most, Math.max(isPoint ? 12 : narrowest, (available + sheetGap) / Math.max(count, 1) - sheetGap));
  const scale = wanted >= width ? Math.floor(wanted / width) : wanted / width;
  const cellWidth = Math.max(1, Math.round(width * scale));
  const cellHeight = Math.max(1, Math.round(height * scale));
  const columns = Math.max(1, Math.min(count, Math.floor((available + sheetGap) / (cellWidth + sheetGap))));
  const rows = Math.ceil(count / columns);
  return {
    columns,
    rows,
    cellWidth,
    cellHeight,
    width: columns * (cellWidth + sheetGap) - sheetGap,
    height: Math.max(0, rows * (cellHeight + sheetGap) - sheetGap),
  };
}

/** Left upper corner of a plane. */
export const cornerOf = (sheet: Sheet, index: number): { readonly x: number; readonly y: number } => ({
  x: (index % sheet.columns) * (sheet.cellWidth + sheetGap),
  y: Math.floor(index / sheet.columns) * (sheet.cellHeight + sheetGap),
});

/** The plane at a point, or null between planes. */
export function planeAt(sheet: Sheet, count: number, x: number, y: number): number | null {
  const [pitchX, pitchY] = [sheet.cellWidth + sheetGap, sheet.cellHeight + sheetGap];
  const [column, row] = [Math.floor(x / pitchX), Math.floor(y / pitchY)];
  const index = row * sheet.columns + column;
  const isInside = column >= 0 && column < sheet.columns && row >= 0 && index < count;
  return isInside && x - column * pitchX < sheet.cellWidth && y - row * pitchY < sheet.cellHeight ? index : null;
}
