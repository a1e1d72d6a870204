import type { Curve, Tensor } from '../types';

export const CURVE_CAP = 4000;

/** The curve so far, by the server's history and the rows of its frames. */
export class CurveStore implements Curve {
  columns: string[] = [];
  rows: Float32Array[] = [];

  replace(columns: string[], rows: Tensor<Float32Array>): void {
    this.columns = columns;
    this.rows = split(rows);
    this.#thin();
  }

  /** Rows after what is there; a row at or before an old step replaces the curve from there. */
  append(rows: Tensor<Float32Array>): void {
    const fresh = split(rows);
    const first = fresh[0]?.[0];
    if (first === undefined) return;
    while ((this.rows.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY) >= first) this.rows.pop();
    this.rows.push(...fresh);
    this.#thin();
  }

  /** Halve the resolution when it is beyond what a screen shows; the ends stay. */
  #thin(): void {
    while (this.rows.length > CURVE_CAP) {
      const last = this.rows.length - 1;
      this.rows = this.rows.filter((_, i) => i % 2 === 0 || i === last);
    }
  }
}

function split({ shape, data }: Tensor<Float32Array>): Float32Array[] {
  const [count = 0, width = 0] = shape;
  return Array.from({ length: count }, (_, i) => data.subarray(i * width, (i + 1) * width));
}
