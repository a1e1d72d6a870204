/**
 * The newest of something that changes with every frame, itself changed at most every `ms`, so
 * that it can be read. To be called while a component is being created.
 */
export function calm<T>(newest: () => T, ms = 300): { readonly value: T } {
  let shown = $state.raw(newest());
  let at = Number.NEGATIVE_INFINITY;
  $effect(() => {
    const value = newest();
    const show = () => {
      at = performance.now();
      shown = value;
    };
    const wait = at + ms - performance.now();
    if (wait <= 0) return show();
    const timer = setTimeout(show, wait);
    return () => clearTimeout(timer);
  });
  return {
    get value() {
      return shown;
    },
  };
}
