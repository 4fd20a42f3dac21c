/** Where the rows of a weight gradient's tile are known, their places are constants behind one address. */
import { expect, test } from "vitest";
import { recordPrograms } from "../../src/engine/recorded-programs.test-helper.ts";
import { F, nn, randn } from "../../src/index.ts";
import { renderC } from "../../src/render/c/render.ts";

test("no address of the hot loop may wrap around", async () => {
  const programs = await recordPrograms(async (flush) => {
    // With a number of images that fills vectors, these would be in them.
    const images = randn([60, 1, 28, 28]).persist();
    const layers = [new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.Conv2d(6, 16, 5)];
    await flush("prepared");
    let x = images;
    for (const layer of layers) x = F.maxPool2d(layer(x).tanh(), 2);
    x.mean().backward();
  }, 16);
  const source = programs.map((p) => renderC(p).source).join("\n");
  const kernels = source
    .split(/^(?=static __attribute__)/m)
    .filter((k) => /k\d+_contractionpart\(i32 first/.test(k));
  expect(kernels).toHaveLength(2);
  for (const kernel of kernels) {
    const loops = kernel.split(/for \(i32 k_/).slice(1);
    expect(loops.length).toBeGreaterThan(0);
    // One entry of the table moves all rows of the tile, by an addition that cannot wrap around.
    for (const loop of loops) expect(loop).not.toContain("add_i32");
  }
});
