/** Pictures from files, as sheets. */

import type { Sheet } from './drawing';

/** Larger pictures are made smaller first. */
const MOST = 512;

/** A picture in grey. Throws where the file is none that the browser can read. */
export async function sheetOf(file: Blob): Promise<Sheet> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser gives no 2-D canvas');
  context.fillStyle = '#ffffff'; // behind what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return greyOf(context.getImageData(0, 0, width, height));
}

/** Rec. 709 luma of pixels. */
export function greyOf({ width, height, data }: ImageData): Sheet {
  const values = Float32Array.from(
    { length: width * height },
    (_, i) =>
      (0.2126 * (data[4 * i] ?? 0) +
        0.7152 * (data[4 * i + 1] ?? 0) +
        0.0722 * (data[4 * i + 2] ?? 0)) /
      255,
  );
  return { width, height, values };
}

/** The picture among what was dropped or pasted, if there is one. */
export function pictureIn(data: DataTransfer | null): File | null {
  return [...(data?.files ?? [])].find(({ type }) => type.startsWith('image/')) ?? null;
}
