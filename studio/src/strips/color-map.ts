/**
 * The colour map of histograms and feature maps: from a dark violet over blue and green to a light yellow, with a
 * lightness that rises evenly (in OKLCH), so that twice the difference looks like twice the difference, in print and
 * to eyes that tell few hues apart too. Both ends stand off from the light theme's background and from the dark one's.
 */

export type Rgb = readonly [number, number, number];

/** Lightness, chroma and hue (degrees) of the ends; hues turn down from violet to yellow. */
const from = { lightness: 0.3, hue: 300 };
const to = { lightness: 0.9, hue: 104 };
const chroma = { ends: 0.1, middle: 0.135 };

const gamma = (linear: number): number =>
  linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;

/** OKLCH to sRGB (Ottosson, 2020), each channel from 0 to 255; what lies outside of sRGB is cut off. */
function fromOklch(lightness: number, chromaValue: number, hue: number): Rgb {
  const a = chromaValue * Math.cos((hue * Math.PI) / 180);
  const b = chromaValue * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channel = (linear: number): number =>
    Math.round(255 * Math.min(1, Math.max(0, gamma(Math.max(0, linear)))));
  return [
    channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Colour of a value from 0 to 1. */
export function colorOf(value: number): Rgb {
  const t = Math.min(1, Math.max(0, value));
  const bow = 4 * t * (1 - t);
  return fromOklch(
    from.lightness + (to.lightness - from.lightness) * t,
    chroma.ends + (chroma.middle - chroma.ends) * bow,
    from.hue + (to.hue - from.hue) * t,
  );
}

/** Colours of the 256 bytes, as the 32-bit pixels of an ImageData (little-endian: ABGR). */
export const pixels: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  const [r, g, b] = colorOf(byte / 255);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
});
