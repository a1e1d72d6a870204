/** What leaves the page as a file. */

import { png } from './canvas';

export const FORMATS = ['svg', 'png'] as const;
export type Format = (typeof FORMATS)[number];

/** Hands a file to the person. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // the browser has begun to read it by then
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const TOO_EARLY = 'There is nothing to draw yet; let it train for a moment.';

/** Saves a picture; null is none yet. What to tell where nothing was saved, else empty. */
export async function savePicture(
  name: string,
  svg: string | null,
  format: Format,
): Promise<string> {
  if (!svg) return TOO_EARLY;
  const content = format === 'png' ? await png(svg) : new Blob([svg], { type: 'image/svg+xml' });
  save(`layerlab-${name}.${format}`, content);
  return '';
}
