/** Tells when an element comes near the visible part of the page, and when it leaves it. */

const callbacks = new WeakMap<Element, (visible: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** One observer for all elements: a page has a hundred strips. */
function shared(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) callbacks.get(entry.target)?.(entry.isIntersecting);
    },
    { rootMargin: "200px 0px" },
  );
  return observer;
}

/** A Svelte action. */
export function whileVisible(element: Element, onChange: (visible: boolean) => void): { destroy(): void } {
  callbacks.set(element, onChange);
  shared().observe(element);
  return {
    destroy() {
      callbacks.delete(element);
      shared().unobserve(element);
    },
  };
}
