import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  defaults,
  formatUrl,
  metricNames,
  parseUrl,
  stripKinds,
  tabs,
  themes,
  type UrlState,
} from "./url-state.ts";

describe("the state in the address", () => {
  test("the default is an empty query", () => {
    expect(formatUrl(defaults)).toBe("");
    expect(parseUrl("")).toEqual(defaults);
  });

  test("every state comes back as it was", () => {
    const natural = fc.option(fc.nat(), { nil: null });
    const id = fc.stringMatching(/^[\w.-]{1,20}$/);
    const state: fc.Arbitrary<UrlState> = fc.record({
      run: fc.option(id, { nil: null }),
      compare: fc.uniqueArray(id, { minLength: 2 }).chain((ids) => fc.constantFrom(ids, [])),
      tab: fc.constantFrom(...tabs),
      x: fc.constantFrom("step" as const, "time" as const),
      xLog: fc.boolean(),
      yLog: fc.boolean(),
      smooth: fc.constantFrom(0, 0.6, 0.95, 0.99),
      language: fc.constantFrom("en" as const, "ja" as const, null),
      theme: fc.constantFrom(...themes, null),
      strips: fc.subarray([...stripKinds], { minLength: 1 }),
      sort: fc.option(id, { nil: null }),
      find: fc.string(),
      picked: fc.uniqueArray(id),
      metric: fc.constantFrom(...metricNames),
      grouped: fc.boolean(),
      step: natural,
      layer: fc.option(fc.string({ minLength: 1 }), { nil: null }),
      image: natural,
      from: natural,
      to: natural,
    });
    fc.assert(
      fc.property(state, (s) => {
        expect(parseUrl(formatUrl(s))).toEqual(s);
      }),
    );
  });

  test("what cannot be read is the default", () => {
    expect(parseUrl("?tab=secret&x=3&smooth=abc&step=-1&lang=fr&compare=a&image=1e9")).toEqual(defaults);
    expect(parseUrl("?smooth=7").smooth).toBe(0.99);
    expect(parseUrl("?strips=secret&theme=pink&metric=x").strips).toEqual(stripKinds);
    expect(parseUrl("?compare=a,a").compare).toEqual([]);
  });
});
