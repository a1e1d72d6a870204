/** What canvases need of the page's theme: they cannot read CSS variables by themselves. */

import { theme as page } from '../state/theme.svelte';

export const theme = {
  get dark(): boolean {
    return page.current === 'dark';
  },
};

/** A CSS variable of the page as it is now; read inside an effect it follows the theme. */
export function token(name: string, fallback: string): string {
  void page.current;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || fallback;
}
