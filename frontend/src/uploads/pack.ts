/** Several files as one: a zip, made piece by piece so that no frame waits for it. */

import type { Brought } from './gather';

const PIECE = 1 << 18; // bytes
/** The same files make the same zip, whenever it is made. */
const MADE = new Date(1990, 0, 1);

export interface Packing {
  signal: AbortSignal;
  /** How many bytes have been packed. */
  onprogress: (bytes: number) => void;
}

/** Pictures and recordings are small already: they are stored as they are. */
export async function packed(files: Brought[], { signal, onprogress }: Packing): Promise<Blob> {
  const { Zip, ZipPassThrough } = await import('fflate');
  const pieces: BlobPart[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece as Uint8Array<ArrayBuffer>);
  });
  let gone = 0;
  for (const { path, file } of files) {
    const entry = new ZipPassThrough(path);
    entry.mtime = MADE;
    zip.add(entry);
    for (let start = 0; start === 0 || start < file.size; start += PIECE) {
      signal.throwIfAborted();
      const piece = new Uint8Array(await file.slice(start, start + PIECE).arrayBuffer());
      entry.push(piece, start + PIECE >= file.size);
      gone += piece.length;
      onprogress(gone);
    }
  }
  zip.end();
  return new Blob(pieces, { type: 'application/zip' });
}
