import { describe, expect, it } from 'vitest';
import { centred, encoded, fitted, inverted, type Sheet, stretched } from './drawing';

function sheet(width: number, height: number, ink: (x: number, y: number) => number): Sheet {
  const values = Float32Array.from({ length: width * height }, (_, i) =>
    ink(i % width, Math.floor(i / width)),
  );
  return { width, height, values };
}

const at = ({ width, values }: Sheet, x: number, y: number) => values[y * width + x] ?? 0;
const total = ({ values }: Sheet) => values.reduce((sum, value) => sum + value, 0);

describe('what is drawn', () => {
  it('is as large, and in the middle, wherever and however large it was drawn', () => {
    const small = centred(
      sheet(280, 280, (x, y) => +(x < 30 && y < 60)),
      28,
      28,
    );
    const large = centred(
      sheet(280, 280, (x, y) => +(x >= 100 && y >= 20 && x < 220 && y < 260)),
      28,
      28,
    );
    for (const one of [small, large]) {
      expect(at(one, 14, 14)).toBeCloseTo(1);
      expect(at(one, 14, 4)).toBeCloseTo(1); // 20 of 28 rows: 4 to 23
      expect(at(one, 14, 3)).toBeCloseTo(0);
      expect(at(one, 14, 24)).toBeCloseTo(0);
      expect(total(one)).toBeCloseTo(200, 0);
    }
  });

  it('is nothing while nothing is drawn', () => {
    expect(
      total(
        centred(
          sheet(280, 280, () => 0),
          8,
          8,
        ),
      ),
    ).toBe(0);
  });

  it('keeps its sum where it is only resized', () => {
    const made = fitted(
      sheet(64, 32, (x) => x / 64),
      8,
      8,
    );
    expect(total(made) / 32).toBeCloseTo(31.5 / 64, 3);
    expect(at(made, 3, 0)).toBe(0); // above the picture, which is wide
  });

  it('is turned round where the paper is bright, and only there', () => {
    const dark = sheet(8, 8, (x, y) => +(x === 4 && y > 1 && y < 6));
    const bright = { ...dark, values: dark.values.map((v) => 1 - v) };
    expect([...inverted(bright).values]).toEqual([...dark.values]);
    expect(inverted(dark)).toBe(dark);
    expect(at(stretched(sheet(4, 4, (x) => (x ? 0.1 : 0.8))), 2, 2)).toBe(0);
  });

  it('is sent as a byte for every pixel and channel', () => {
    const sent = encoded(
      sheet(2, 1, (x) => x),
      3,
    );
    expect(atob(sent)).toBe('\0\0\0\xff\xff\xff');
  });
});
