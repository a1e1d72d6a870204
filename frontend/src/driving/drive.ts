/** A drive as the page draws and tells of it: pure. */

import type { LaneDriven } from '../types';

/** Metres that are left free around a lane. */
const MARGIN = 4;

export interface Frame {
  scale: number; // pixels of a metre
  x: (metres: number) => number;
  y: (metres: number) => number;
  height: number;
}

/** Where a lane lies in a picture so wide, and how high that is; as far up as metres are. */
export function framed({ left, right }: Pick<LaneDriven, 'left' | 'right'>, width: number): Frame {
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { data } of [left, right]) {
    for (let i = 0; i + 1 < data.length; i += 2) {
      const [x = 0, y = 0] = [data[i], data[i + 1]];
      [west, east] = [Math.min(west, x), Math.max(east, x)];
      [south, north] = [Math.min(south, y), Math.max(north, y)];
    }
  }
  const scale = width / (east - west + 2 * MARGIN);
  return {
    scale,
    x: (metres) => (metres - west + MARGIN) * scale,
    y: (metres) => (north + MARGIN - metres) * scale,
    height: (north - south + 2 * MARGIN) * scale,
  };
}

/** Seconds from the first moment of a drive to its last. */
export const lasts = ({ car }: Pick<LaneDriven, 'car'>, seconds: number): number =>
  ((car.shape[0] ?? 1) - 1) * seconds;

export interface Moment {
  x: number;
  y: number;
  heading: number;
  speed: number;
  /** How far each ray goes. */
  rays: number[];
  steering: number;
}

/** The drive at a time, between two of its steps if need be; beyond its end, its end. */
export function momentAt(lane: LaneDriven, seconds: number, time: number): Moment {
  const last = (lane.car.shape[0] ?? 1) - 1;
  const at = Math.min(last, Math.max(0, time / seconds));
  const step = Math.floor(at);
  const between = at - step;
  const mixed = (data: Float32Array, width: number, k: number) => {
    const [a = 0, b = 0] = [data[step * width + k], data[Math.min(last, step + 1) * width + k]];
    return a + (b - a) * between;
  };
  const count = lane.rays.shape[1] ?? 0;
  const [x, y, heading, speed] = [0, 1, 2, 3].map((k) => mixed(lane.car.data, 4, k)) as [
    number,
    number,
    number,
    number,
  ];
  const rays = Array.from({ length: count }, (_, k) => mixed(lane.rays.data, count, k));
  return { x, y, heading, speed, rays, steering: mixed(lane.steering.data, 1, 0) };
}

const NAMES: Record<string, string> = { training: 'expert’s lane', held_out: 'new lane' };

export const laneTitle = (name: string): string => NAMES[name] ?? name;

/** How far the car comes, in a sentence. */
export function told(lane: LaneDriven, seconds: number): string {
  const off = `${lane.off.toFixed(2)} m from the middle in the mean`;
  if (lane.leaves)
    return `leaves it after ${lane.metres.toFixed(0)} m, ${Math.floor(100 * lane.share)} % of the lap`;
  const time = lasts(lane, seconds).toFixed(1);
  if (lane.share >= 1) return `is round in ${time} s, ${off}`;
  return `has come ${lane.metres.toFixed(0)} m in ${time} s, ${off}`;
}
