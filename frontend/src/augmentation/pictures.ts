/** Pictures before and after what is done to them: pure, but for the asking. */

import type { Augmented, Bytes, Experiment, Json, Schema, Session, ViewRequest } from '../types';
import { call } from '../wire/api';

/** Pictures that augmentation is shown by, and draws of each. */
export const SHOWN = 3;
export const DRAWS = 4;

export const augmentedView = (seed: number): ViewRequest => ({
  kind: 'augmented',
  count: SHOWN,
  draws: DRAWS,
  seed,
});

/** What POST /api/v1/preparation answers of pictures. */
interface PreparedPictures {
  classes: string[];
  labels: number[];
  stages: { shape: number[]; pictures: string }[];
}

/** The first training pictures as they came in, then after every step. */
export async function stagesOf(data: Experiment['data']): Promise<Bytes[]> {
  const body = { data } as unknown as Json;
  const { stages } = await call<PreparedPictures>('POST', '/preparation', body);
  return stages.map(({ shape, pictures }) => decoded(pictures, shape));
}

export function decoded(text: string, shape: readonly number[]): Bytes {
  const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape: [data.length / size, ...shape], data };
}

/** What is asked for of a draw, in words: the classes of which there is some, the most first. */
export function wanted(
  { targets }: Augmented,
  picture: number,
  draw: number,
  names: readonly string[],
): string {
  const [, draws = 1, classes = 0] = targets?.shape ?? [];
  const start = (picture * draws + draw) * classes;
  const shares = Array.from(targets?.data.subarray(start, start + classes) ?? []);
  const there = shares
    .map((share, k) => ({ share, name: names[k] ?? String(k) }))
    .filter(({ share }) => share >= 0.005)
    .sort((a, b) => b.share - a.share);
  return there.map(({ share, name }) => `${Math.round(100 * share)} % ${name}`).join(', ');
}

/** Whether a draw asks for more than one class. */
export const isMixed = (words: string): boolean => words.includes(',');

/** The largest share alone. */
export const largestShare = (words: string): string => `${words.split(' ')[0]} %`;

/** A picture's size in words. */
export const sizeOf = ([height, width, channels]: readonly number[]): string =>
  `${height}×${width}, ${channels === 1 ? 'grey' : `${channels} channels`}`;

export const mostOf = (node: Schema): number => Number(node.maxItems ?? Number.POSITIVE_INFINITY);

/** A picture of a size that need not be the session's. */
export const asSession = ({
  shape,
}: Bytes): Pick<Session, 'form' | 'vocabulary' | 'input_shape' | 'columns'> => ({
  form: 'image',
  vocabulary: [],
  input_shape: shape.slice(-3),
  columns: [],
});
