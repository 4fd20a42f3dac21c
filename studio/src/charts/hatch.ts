/** The sign for what is no number: loud red under diagonal lines, the same in charts and strips, in every theme. */

const red = "#d4182a";
const line = "#ffd9dc";

/** Fills a rectangle, in pixels of the canvas. */
export function hatch(
  context: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.fillStyle = red;
  context.fillRect(left, top, width, height);
  context.strokeStyle = line;
  context.lineWidth = Math.max(1, devicePixelRatio);
  context.setLineDash([]);
  context.beginPath();
  const gap = 6 * Math.max(1, devicePixelRatio);
  // Lines start at a grid of the whole canvas, so that neighbouring rectangles join.
  const start = Math.floor((left - height) / gap) * gap;
  for (let x = start; x < left + width + height; x += gap) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}
