import { decode as unpack } from '@msgpack/msgpack';
import type { Frame, Points, Problem, Session, Tensor } from '../types';

export interface History {
  columns: string[];
  rows: Tensor<Float32Array>;
}

export type ServerMessage =
  | { kind: 'session'; session: Session }
  | ({ kind: 'data' } & Points)
  | ({ kind: 'history' } & History)
  | ({ kind: 'frame'; rows: Tensor<Float32Array> } & Frame)
  | { kind: 'reply'; seq: number; ok: boolean; errors?: Problem[] };

const ARRAYS = { u1: Uint8Array, i2: Int16Array, f4: Float32Array, u4: Uint32Array };
type Dtype = keyof typeof ARRAYS;

/** One binary message of the live socket, its arrays as aligned typed arrays. */
export function decode(message: ArrayBuffer | Uint8Array): ServerMessage {
  return revive(unpack(message)) as ServerMessage;
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (!isMap(value)) return value;
  if (isArray(value)) return tensor(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

interface WireArray {
  dtype: Dtype;
  shape: number[];
  data: Uint8Array;
}

const isArray = (value: object): value is WireArray =>
  'dtype' in value && 'shape' in value && 'data' in value && value.data instanceof Uint8Array;

/** Copies, because the bytes lie in the message at any offset and typed arrays need theirs. */
function tensor({ dtype, shape, data }: WireArray): Tensor {
  const Type = ARRAYS[dtype];
  if (!Type) throw new TypeError(`an array of dtype ${dtype}; known are ${Object.keys(ARRAYS)}`);
  const size = shape.reduce((product, n) => product * n, 1);
  if (size * Type.BYTES_PER_ELEMENT !== data.byteLength)
    throw new RangeError(`${data.byteLength} bytes of ${dtype} do not fill shape [${shape}]`);
  return { shape, data: new Type(data.slice().buffer as ArrayBuffer) };
}
