/**
 * How many columns a text takes on a terminal, and cutting it to fit. Knows wide characters (East Asian,
 * emoji) and marks that take no column; expects text without escape sequences.
 */

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Marks, joiners and control characters: no column of their own. */
const noColumn = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Control}\p{Surrogate}]+$/u;

/** Characters shown as colour pictures, by themselves or because of the variation selector after them. */
const picture = /^\p{Emoji_Presentation}|\ufe0f/u;

/** Blocks that Unicode's East Asian Width (UAX 11) calls wide, as ranges of a regular expression. */
const wideBlocks = [
  "\\u1100-\\u115f\\ua960-\\ua97f\\uac00-\\ud7a3", // Hangul
  "\\u2e80-\\u303e\\u3041-\\u33ff", // CJK radicals and punctuation, kana, enclosed and square forms
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3fffd}", // ideographs
  "\\ua000-\\ua4cf\\u{16fe0}-\\u{18dff}\\u{1b000}-\\u{1b2ff}", // Yi, Tangut, Khitan, old kana
  "\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6", // compatibility and fullwidth forms
];
const wide = new RegExp(`^[${wideBlocks.join("")}]`, "u");

/** Columns of one grapheme, that is, of what a reader takes for one character. */
function graphemeWidth(grapheme: string): 0 | 1 | 2 {
  if (noColumn.test(grapheme)) return 0;
  return wide.test(grapheme) || picture.test(grapheme) ? 2 : 1;
}

/** Columns that the text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The text, or its longest beginning that fits into `columns` with an ellipsis at the end. */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns < 1 ? "" : `${kept}…`;
}
