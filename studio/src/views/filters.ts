/** Which filters are shown beside feature maps. */
import type { Maps, Planes } from "../../../src/studio/protocol.ts";

/**
 * Filters of a convolution come as output channels x input channels. With one input channel all are shown; with more,
 * those of one output channel.
 */
export function filtersOfChannel(
  { maps, filters }: Pick<Maps, "maps" | "filters">,
  channel: number,
): { readonly planes: Planes; readonly isPart: boolean } | null {
  if (filters === null) return null;
  const inputs = filters.count / maps.count;
  if (!Number.isInteger(inputs) || inputs <= 1) return { planes: filters, isPart: false };
  const bytes = atob(filters.data);
  const size = inputs * filters.height * filters.width;
  const start = Math.min(channel, maps.count - 1) * size;
  return {
    planes: { ...filters, count: inputs, data: btoa(bytes.slice(start, start + size)) },
    isPart: true,
  };
}
