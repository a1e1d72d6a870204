/** Whether the page is dark now, reactively: canvases cannot read CSS variables by themselves. */

function isDark(): boolean {
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  const both = scheme.includes('light') && scheme.includes('dark');
  if (!both && scheme !== 'normal') return scheme.includes('dark');
  return matchMedia('(prefers-color-scheme: dark)').matches;
}

let dark = $state(typeof document !== 'undefined' && isDark());

function refresh(): void {
  dark = isDark();
}

if (typeof document !== 'undefined') {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', refresh);
  new MutationObserver(refresh).observe(document.documentElement, { attributes: true });
  addEventListener('load', refresh);
}

export const theme = {
  get dark(): boolean {
    return dark;
  },
};

/** A CSS variable of the page as it is now; read inside an effect it follows the theme. */
export function token(name: string, fallback: string): string {
  void dark;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || fallback;
}
