/** What stands on the screen as a picture: boxes, words, lines and maps, each in its place. */

import { squares } from './canvas';
import type { Look } from './look';
import { type Attributes, label, picture, tag } from './svg';

const MARGIN = 20;
const HEAD = 52;
/** Left out: what only a screen reader says, and what is pressed. */
const LEFT_OUT = '.visually-hidden, [data-page-only]';

/**
 * An element with all that is in it, scrolled out of sight or not, under its title; null while
 * something of it is still to come.
 */
export function screenSvg(root: Element | undefined, title: string, look: Look): string | null {
  if (!root?.isConnected || root.querySelector('[data-coming]')) return null;
  return unscrolled(root, () => {
    const sheet = new Sheet(root.getBoundingClientRect());
    const inside = sheet.element(root);
    const width = Math.max(sheet.width, 10 * title.length) + 2 * MARGIN;
    const size = { width: Math.ceil(width), height: Math.ceil(HEAD + sheet.height + MARGIN) };
    const heading = { x: MARGIN, y: 32, 'font-size': 17, 'font-weight': 600, fill: look.ink };
    return picture(size, paperOf(root) ?? look.paper, title, [
      label(title, heading),
      tag('g', { transform: `translate(${MARGIN} ${HEAD})` }, inside),
    ]);
  });
}

/** With everything around it scrolled to its beginning: what sticks to an edge is in its place. */
function unscrolled<T>(root: Element, read: () => T): T {
  const around: [Element, number, number][] = [];
  for (let at: Element | null = root; at && at !== document.documentElement; at = at.parentElement)
    if (at.scrollLeft || at.scrollTop) around.push([at, at.scrollLeft, at.scrollTop]);
  for (const [element] of around) element.scrollTo({ left: 0, top: 0, behavior: 'instant' });
  try {
    return read();
  } finally {
    for (const [element, left, top] of around) element.scrollTo({ left, top, behavior: 'instant' });
  }
}

function paperOf(root: Element): string | undefined {
  for (let at: Element | null = root; at; at = at.parentElement) {
    const ground = paint(getComputedStyle(at).backgroundColor);
    if (ground?.alpha === 1) return ground.color;
  }
  return undefined;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

class Sheet {
  width = 0;
  height = 0;

  constructor(private readonly origin: DOMRect) {}

  element(element: Element): string {
    const style = getComputedStyle(element);
    if (style.display === 'none' || style.visibility === 'hidden') return '';
    if (element.matches(LEFT_OUT)) return '';
    const drawn = this.box(element, style) + this.content(element, style);
    const opacity = Number(style.opacity);
    return drawn && opacity < 1 ? tag('g', { opacity }, drawn) : drawn;
  }

  private content(element: Element, style: CSSStyleDeclaration): string {
    if (element instanceof HTMLCanvasElement) return this.map(element);
    if (element instanceof SVGSVGElement) {
      const place = this.place(element.getBoundingClientRect());
      return drawing(element, { ...place, overflow: 'visible' });
    }
    return Array.from(element.childNodes, (node) => {
      if (node instanceof Text) return this.words(node, style);
      return node instanceof Element ? this.element(node) : '';
    }).join('');
  }

  private place({ left, top, width, height }: DOMRect): Box {
    const [x, y] = [left - this.origin.left, top - this.origin.top];
    this.width = Math.max(this.width, x + width);
    this.height = Math.max(this.height, y + height);
    return { x, y, width, height };
  }

  private map(canvas: HTMLCanvasElement): string {
    const place = this.place(canvas.getBoundingClientRect());
    if (!place.width || !canvas.width) return '';
    const { imageRendering, objectFit } = getComputedStyle(canvas);
    const href = imageRendering === 'pixelated' ? squares(canvas, place.width) : canvas.toDataURL();
    const preserveAspectRatio = objectFit === 'contain' ? 'xMidYMid' : 'none';
    return tag('image', { ...place, href, preserveAspectRatio });
  }

  /** Its ground, borders and outline. */
  private box(element: Element, style: CSSStyleDeclaration): string {
    const place = this.place(element.getBoundingClientRect());
    const radius = lengthOf(style.borderTopLeftRadius, place.width);
    const rx = Math.min(radius, place.width / 2, place.height / 2) || undefined;
    const ground = paint(style.backgroundColor);
    const outlined = style.outlineStyle === 'solid' && element !== document.activeElement;
    const offset = Number.parseFloat(style.outlineOffset);
    return [
      ground ? tag('rect', { ...place, rx, ...painted('fill', ground) }) : '',
      borders(place, rx, style),
      outlined ? edge(grown(place, offset), rx, style.outlineWidth, style.outlineColor) : '',
    ].join('');
  }

  /** A text in its lines, as wide in any font. */
  private words(text: Text, style: CSSStyleDeclaration): string {
    const lines: { said: string; box: DOMRect }[] = [];
    for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const box = range.getBoundingClientRect();
      const last = lines.at(-1);
      if (!box.width) continue;
      if (!last || Math.abs(last.box.top - box.top) > 2) {
        lines.push({ said: word, box });
        continue;
      }
      last.said += ` ${word}`;
      last.box = new DOMRect(last.box.x, last.box.y, box.right - last.box.left, box.height);
    }
    return lines
      .map(({ said, box }) => {
        const { x, y, width, height } = this.place(box);
        const place = { x, y: y + baseline(style, height), textLength: width };
        return label(said, { ...place, ...fontOf(style), ...painted('fill', paint(style.color)) });
      })
      .join('');
  }
}

const fontOf = ({ fontSize, fontWeight }: CSSStyleDeclaration): Attributes => ({
  'font-size': Number.parseFloat(fontSize),
  'font-weight': fontWeight,
});

const lengthOf = (value: string, whole: number): number =>
  Number.parseFloat(value) * (value.endsWith('%') ? whole / 100 : 1);

const grown = ({ x, y, width, height }: Box, by: number): Box => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});

const SIDES = ['Top', 'Right', 'Bottom', 'Left'] as const;

function borders(place: Box, rx: number | undefined, style: CSSStyleDeclaration): string {
  const sides = SIDES.filter((side) => style[`border${side}Style`] !== 'none');
  if (sides.length === 4)
    return edge(grown(place, -1), rx, style.borderTopWidth, style.borderTopColor);
  const { x, y, width, height } = place;
  const lines = {
    Top: `M${x} ${y}h${width}`,
    Right: `M${x + width} ${y}v${height}`,
    Bottom: `M${x} ${y + height}h${width}`,
    Left: `M${x} ${y}v${height}`,
  };
  return sides
    .map((side) => {
      const stroke = painted('stroke', paint(style[`border${side}Color`]));
      const wide = Number.parseFloat(style[`border${side}Width`]);
      return wide ? tag('path', { d: lines[side], 'stroke-width': wide, ...stroke }) : '';
    })
    .join('');
}

function edge(place: Box, rx: number | undefined, width: string, color: string): string {
  const wide = Number.parseFloat(width);
  const found = paint(color);
  if (!wide || !found) return '';
  const line = { fill: 'none', 'stroke-width': wide, ...painted('stroke', found) };
  return tag('rect', { ...grown(place, wide / 2), rx, ...line });
}

const KEPT = new Set(
  `d x y x1 x2 y1 y2 cx cy r rx ry width height viewBox transform points text-anchor
  preserveAspectRatio`.split(/\s+/),
);

/** An SVG of the page with its style in its attributes. */
function drawing(element: SVGElement, more: Attributes = {}): string {
  const style = getComputedStyle(element);
  const [fill, stroke] = [paint(style.fill), paint(style.stroke)];
  const shape = element.children.length === 0;
  if (style.display === 'none' || (shape && !fill && !stroke)) return '';
  const attributes: Attributes = {};
  for (const { name, value } of element.attributes) if (KEPT.has(name)) attributes[name] = value;
  Object.assign(attributes, painted('fill', fill), painted('stroke', stroke));
  if (stroke) attributes['stroke-width'] = Number.parseFloat(style.strokeWidth);
  if (stroke && style.strokeDasharray !== 'none')
    attributes['stroke-dasharray'] = style.strokeDasharray;
  if (style.vectorEffect !== 'none') attributes['vector-effect'] = style.vectorEffect;
  if (Number(style.opacity) < 1) attributes.opacity = Number(style.opacity);
  if (element instanceof SVGTextElement) {
    const words = { ...attributes, ...fontOf(style), stroke: 'none' };
    // not every program knows paint-order: a halo is a text of its own
    const halo = stroke ? label(said(element), { ...words, ...painted('stroke', stroke) }) : '';
    return halo + label(said(element), words);
  }
  const children = Array.from(element.children, (child) => drawing(child as SVGElement));
  return tag(element.localName, { ...attributes, ...more }, ...children);
}

const said = (element: Element): string => element.textContent.trim();

// -- what the browser knows of colours and fonts ---------------------------------------------------

interface Paint {
  color: string;
  alpha: number;
}

let pen: CanvasRenderingContext2D | null = null;
function penOf(): CanvasRenderingContext2D {
  pen ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('this browser gives no 2-D canvas');
  return pen;
}

const paints = new Map<string, Paint | null>();

/** A colour in any of CSS's ways as #rrggbb, which every program reads; null: not to be seen. */
function paint(color: string): Paint | null {
  const known = paints.get(color);
  if (known !== undefined) return known;
  const found = color === 'none' ? null : mixed(color);
  paints.set(color, found);
  return found;
}

function mixed(color: string): Paint | null {
  const context = penOf();
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
  const hex = [r, g, b].map((channel) => channel.toString(16).padStart(2, '0')).join('');
  return alpha ? { color: `#${hex}`, alpha: alpha / 255 } : null;
}

const painted = (what: 'fill' | 'stroke', found: Paint | null): Attributes => ({
  [what]: found?.color ?? 'none',
  ...(found && found.alpha < 1 && { [`${what}-opacity`]: found.alpha }),
});

/** How far below the top of its line a text stands. */
function baseline({ fontWeight, fontSize, fontFamily }: CSSStyleDeclaration, height: number) {
  const context = penOf();
  context.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = context.measureText('x');
  return (height - up - down) / 2 + up;
}
