/** Which filters are shown beside feature maps. */
import type { Maps, Planes } from "../../../src/studio/protocol.ts";

/** With one plane for each output all are shown; with more, those of one output. */
export function filtersOfChannel(
  { filters }: Pick<Maps, "filters">,
  channel: number,
): { readonly planes: Planes; readonly isPart: boolean } | null {
  if (filters === null) return null;
  const { inputs } = filters;
  if (inputs <= 1) return { planes: filters, isPart: false };
  const bytes = atob(filters.data);
  const size = inputs * filters.height * filters.width;
  const start = Math.min(channel, filters.count / inputs - 1) * size;
  return {
    planes: { ...filters, count: inputs, data: btoa(bytes.slice(start, start + size)) },
    isPart: true,
  };
}
