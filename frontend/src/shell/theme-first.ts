// Runs before the first paint, as a plain script, so that a dark page is never white for a moment.
// It imports nothing; state/theme.svelte.ts takes over when the page has loaded.
(() => {
  let wish: unknown = null;
  try {
    wish = JSON.parse(localStorage.getItem('layerlab.theme') ?? 'null');
  } catch {
    // no storage: the system decides
  }
  const dark =
    wish === 'dark' || (wish !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
