import { describe, expect, it } from 'vitest';
import { pairWeights, positions } from './pairing';

const layer = (id: number) => {
  const data = Float32Array.of(id);
  return { w: { shape: [1, 1], data }, b: { shape: [1], data } };
};
const view = { layers: [layer(0), layer(1), layer(2)] };
const ids = (screen: number[], frame: number[]) =>
  pairWeights(screen, frame, view).map((weights) => weights?.b.data[0] ?? null);

describe('columns and frames', () => {
  it('pair every layer, and the output, where nothing moved', () => {
    expect(positions([7, 8], [7, 8])).toEqual([0, 1]);
    expect(ids([7, 8], [7, 8])).toEqual([0, 1, 2]);
  });

  it('know no weights across a column that the frame does not have', () => {
    expect(positions([7, 9, 8], [7, 8])).toEqual([0, -1, 1]);
    expect(ids([7, 9, 8], [7, 8])).toEqual([0, null, null, 2]);
    expect(ids([9, 7, 8], [7, 8])).toEqual([null, null, 1, 2]);
    expect(ids([7, 8, 9], [7, 8])).toEqual([0, 1, null, null]);
  });

  it('know none where a column was taken away or moved', () => {
    expect(ids([8], [7, 8])).toEqual([null, 2]);
    expect(ids([7], [7, 8])).toEqual([0, null]);
    expect(ids([8, 7], [7, 8])).toEqual([null, null, null]);
  });

  it('join features and output where nothing is hidden', () => {
    const only = pairWeights([], [], { layers: [layer(5)] });
    expect(only[0]?.b.data[0]).toBe(5);
    expect(pairWeights([], [], undefined)).toEqual([null]);
    expect(pairWeights([], [], { layers: [null] })).toEqual([null]);
  });

  it('know none of a layer that has other weights, or none', () => {
    const floats = { shape: [3, 3, 1, 8], data: new Float32Array(72) };
    const layers = [{ w: floats, b: floats }, {}, layer(2)];
    expect(pairWeights([7, 8], [7, 8], { layers }).map((one) => one?.b.data[0] ?? null)).toEqual([
      null,
      null,
      2,
    ]);
  });
});
