import { expect, test } from "vitest";
import { toCsv } from "./csv.ts";

test("header, rows, missing values and what is no finite number", () => {
  const text = toCsv([
    { name: "step", values: [1, 2, 3] },
    { name: 'loss, "raw"', values: [0.1, Number.NaN, Number.NEGATIVE_INFINITY] },
    { name: "validation", values: [null, 0.25] },
  ]);
  expect(text).toBe('step,"loss, ""raw""",validation\r\n1,0.1,\r\n2,NaN,0.25\r\n3,-inf,\r\n');
});
