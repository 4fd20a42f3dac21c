/** Tells how far an element is from the visible part of the page, whenever that changes. */

/** "seen": in the visible part or about to be; "near": scrolling comes to it within a moment. */
export type Nearness = "seen" | "near" | "away";

/** Around the visible part, in pixels: as far as a wheel or a finger scrolls in a tenth of a second, and in two. */
const margins = { seen: 200, near: 2400 } as const;

interface Watched {
  isSeen: boolean;
  isNear: boolean;
  readonly onChange: (nearness: Nearness) => void;
}

const watched = new WeakMap<Element, Watched>();

function observe(
  margin: keyof typeof margins,
  note: (state: Watched, is: boolean) => void,
): IntersectionObserver {
  return new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const state = watched.get(target);
        if (state === undefined) continue;
        note(state, isIntersecting);
        state.onChange(state.isSeen ? "seen" : state.isNear ? "near" : "away");
      }
    },
    { rootMargin: `${margins[margin]}px 0px` },
  );
}

let observers: readonly IntersectionObserver[] | undefined;

/** The same ones for all elements. */
function shared(): readonly IntersectionObserver[] {
  observers ??= [
    observe("seen", (state, is) => {
      state.isSeen = is;
    }),
    observe("near", (state, is) => {
      state.isNear = is;
    }),
  ];
  return observers;
}

/** A Svelte action. */
export function whileNear(element: Element, onChange: (nearness: Nearness) => void): { destroy(): void } {
  watched.set(element, { isSeen: false, isNear: false, onChange });
  for (const observer of shared()) observer.observe(element);
  return {
    destroy() {
      watched.delete(element);
      for (const observer of shared()) observer.unobserve(element);
    },
  };
}
