import { expect, it } from 'vitest';
import type { LaneDriven } from '../types';
import { framed, lasts, momentAt, told } from './drive';

const floats = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
const LANE: LaneDriven = {
  name: 'held_out',
  left: floats([2, 2], -10, 0, 10, 0),
  right: floats([2, 2], 0, -6, 0, 6),
  expert: floats([1, 2], 0, 0),
  car: floats([3, 4], 0, 0, 0, 4, 1, 0, 0.2, 6, 3, 1, 0.4, 8),
  rays: floats([3, 1], 10, 20, 40),
  steering: floats([3], 0, 0.1, 0.3),
  leaves: false,
  share: 1,
  metres: 300,
  length: 300,
  off: 0.157,
};

it('shows a moment between two steps, and beyond the end the end', () => {
  expect(momentAt(LANE, 0.1, 0.05)).toMatchObject({ x: 0.5, y: 0, speed: 5, rays: [15] });
  expect(momentAt(LANE, 0.1, 0.1).x).toBeCloseTo(1);
  expect(momentAt(LANE, 0.1, 99)).toMatchObject({ x: 3, y: 1, speed: 8, rays: [40] });
  expect(momentAt(LANE, 0.1, -1).speed).toBe(4);
  const stands = { ...LANE, car: floats([1, 4], 5, 6, 0, 4), rays: floats([1, 1], 7) };
  expect(momentAt(stands, 0.1, 3)).toMatchObject({ x: 5, y: 6, rays: [7] });
  expect(lasts(LANE, 0.1)).toBeCloseTo(0.2);
});

it('fits a lane into a width, north up', () => {
  const frame = framed(LANE, 280);
  expect(frame.scale).toBe(10);
  expect([frame.x(-10), frame.x(10), frame.y(6), frame.y(-6)]).toEqual([40, 240, 40, 160]);
  expect(frame.height).toBe(200);
});

it('tells how far a car comes', () => {
  expect(told(LANE, 0.1)).toBe('is round in 0.2 s, 0.16 m from the middle in the mean');
  expect(told({ ...LANE, share: 0.5, metres: 150 }, 0.1)).toMatch(/^has come 150 m in 0.2 s/);
  const off = { ...LANE, leaves: true, share: 0.069, metres: 20.7 };
  expect(told(off, 0.1)).toBe('leaves it after 21 m, 6 % of the lap');
});
