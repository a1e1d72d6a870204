/** A frame with ticks along its left and lower edge. */

import type { ScaleContinuousNumeric } from 'd3-scale';
import type { Look } from './look';
import { label, tag } from './svg';

export type Scale = ScaleContinuousNumeric<number, number>;

export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Axis {
  scale: Scale;
  ticks: readonly number[];
  write: (tick: number) => string;
  title: string;
}

export function axes({ left, top, width, height }: Frame, x: Axis, y: Axis, look: Look): string {
  const bottom = top + height;
  const across = x.ticks.map((tick) => {
    const at = x.scale(tick);
    const mark = tag('path', { d: `M${at} ${bottom}v4`, stroke: look.edge });
    return mark + label(x.write(tick), { ...WORDS, x: at, y: bottom + 16, fill: look.muted });
  });
  const up = y.ticks.map((tick) => {
    const at = y.scale(tick);
    const mark = tag('path', { d: `M${left} ${at}h-4`, stroke: look.edge });
    const words = { ...WORDS, 'text-anchor': 'end', x: left - 7, y: at + 3.5, fill: look.muted };
    return mark + label(y.write(tick), words);
  });
  const middle = top + height / 2;
  const names = [
    label(x.title, { ...WORDS, x: left + width / 2, y: bottom + 31, fill: look.ink }),
    label(y.title, {
      ...WORDS,
      fill: look.ink,
      transform: `translate(${left - 40} ${middle}) rotate(-90)`,
    }),
  ];
  const edge = tag('rect', { x: left, y: top, width, height, fill: 'none', stroke: look.line });
  return [edge, ...across, ...up, ...names].join('');
}

const WORDS = { 'font-size': 11, 'text-anchor': 'middle' };
