/** SVG as text, for pictures that leave the page. */

export type Attributes = Record<string, string | number | undefined>;

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] as string);
}

/** Two decimals are enough for any screen or printer. */
function written(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : escaped(value);
}

/** An element; children are SVG already. */
export function tag(name: string, attributes: Attributes, ...children: string[]): string {
  const said = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${written(value as string | number)}"`)
    .join('');
  return children.length ? `<${name}${said}>${children.join('')}</${name}>` : `<${name}${said}/>`;
}

export function label(words: string, attributes: Attributes): string {
  return tag('text', attributes, escaped(words));
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

/** A whole picture on paper; its title is what a screen reader says of it. */
export function picture(
  size: { width: number; height: number },
  paper: string,
  title: string,
  children: string[],
): string {
  const { width, height } = size;
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${written(width)} ${written(height)}`,
    'font-family': FONT,
    role: 'img',
  };
  const sheet = tag('rect', { width, height, fill: paper });
  return tag('svg', root, tag('title', {}, escaped(title)), sheet, ...children);
}

/** `M x y L x y …`, broken where there is a gap. */
export function polyline(points: readonly (readonly [number, number] | null)[]): string {
  let pen = 'M';
  let path = '';
  for (const point of points) {
    if (point) path += `${pen}${written(point[0])} ${written(point[1])}`;
    pen = point ? 'L' : 'M';
  }
  return path;
}
