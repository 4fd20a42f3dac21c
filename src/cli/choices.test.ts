import { expect, it } from "vitest";
import { integer, nearest, oneOf, positiveNumber } from "./choices.ts";

const names = ["digits", "mnist", "fashion-mnist"];

it("finds the word that was meant", () => {
  expect(nearest("digit", names)).toBe("digits");
  expect(nearest("fasion-mnist", names)).toBe("fashion-mnist");
  expect(nearest("MNST", names)).toBe("mnist");
  expect(nearest("imagenet-1000", names)).toBeUndefined();
});

it("reads choices and numbers, and says what is wrong", () => {
  expect(oneOf(names)("MNIST")).toBe("mnist");
  expect(() => oneOf(names)("digts")).toThrow(
    '"digts" is unknown. Did you mean digits? There are digits, mnist',
  );
  expect(integer(1)("12")).toBe(12);
  for (const text of ["0", "1.5", "", "x"])
    expect(() => integer(1)(text)).toThrow(`"${text}" is not an integer`);
  expect(() => integer(1, 256)("257")).toThrow('"257" is not an integer from 1 to 256');
  expect(integer(0)("9007199254740991")).toBe(2 ** 53 - 1);
  for (const text of ["1e30", "9007199254740992", "Infinity"])
    expect(() => integer(0)(text)).toThrow(`"${text}" is not an integer from 0 to 9007199254740991.`);
  expect(() => integer(1)("0")).toThrow('"0" is not an integer of 1 or more.');
  expect(positiveNumber("1e-3")).toBe(0.001);
  for (const text of ["0", "-1", " ", "NaN", "Infinity"])
    expect(() => positiveNumber(text)).toThrow("above 0");
});
