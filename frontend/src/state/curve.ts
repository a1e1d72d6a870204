import type { Curve, Tensor } from '../types';

export const CURVE_CAP = 4000;

/** A curve that was written down; null where there is no value. */
export interface Recorded {
  columns: string[];
  rows: (number | null)[][];
}

/** The curve so far, by the server's history and the rows of its frames. */
export class CurveStore implements Curve {
  columns: string[] = [];
  rows: Float32Array[] = [];
  #known: Recorded | null = null;

  replace(columns: string[], rows: Tensor<Float32Array>): void {
    this.columns = columns;
    const said = split(rows);
    this.rows = [...this.#before(said[0]?.[0] ?? Number.POSITIVE_INFINITY), ...said];
    this.#thin();
  }

  /** How the run went that the server does again: it looks at that too seldom for a curve. */
  recall(known: Recorded | null): void {
    this.#known = known;
  }

  /** Nothing of the run lies beyond this step. */
  cut(end: number): void {
    if (this.#known) this.#known = upTo(this.#known, (step) => step <= end);
  }

  /** What is known of the run before the server's first row. */
  #before(first: number): Float32Array[] {
    if (!this.#known) return [];
    const { columns, rows } = upTo(this.#known, (step) => step < first);
    const places = this.columns.map((name) => columns.indexOf(name));
    return rows.map((row) => Float32Array.from(places, (at) => row[at] ?? Number.NaN));
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

/** The same where every row is within; rows rise. */
function upTo(known: Recorded, within: (step: number) => boolean): Recorded {
  const at = known.columns.indexOf('step');
  const stepOf = (row: (number | null)[] | undefined) => row?.[at] ?? 0;
  if (within(stepOf(known.rows.at(-1)))) return known;
  return { ...known, rows: known.rows.filter((row) => within(stepOf(row))) };
}

function split({ shape, data }: Tensor<Float32Array>): Float32Array[] {
  const [count = 0, width = 0] = shape;
  return Array.from({ length: count }, (_, i) => data.subarray(i * width, (i + 1) * width));
}
