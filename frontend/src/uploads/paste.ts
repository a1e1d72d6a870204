/** Tables among what is pasted. */

const SEPARATORS = ['\t', ';', ','];
const LOOKED_AT = 20; // lines
/** Prose has commas as well, but not as many in every line. */
const ALIKE = 0.8;

/** A pasted text as a file, if it looks like a table: lines of as many cells each. */
export function tableIn(text: string): File | null {
  const lines = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim())
    .slice(0, LOOKED_AT);
  const separator = SEPARATORS.find((one) => divides(lines, one));
  return separator ? pasted(text, separator) : null;
}

/** What somebody says is a table; who looks it over says where it is none. */
export const pasted = (text: string, separator = text.includes('\t') ? '\t' : ','): File =>
  new File([text], separator === '\t' ? 'pasted.tsv' : 'pasted.csv', { type: 'text/plain' });

function divides(lines: string[], separator: string): boolean {
  if (lines.length < 2) return false;
  const counts = lines.map((line) => line.split(separator).length - 1);
  const usual = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
  return usual > 0 && counts.filter((count) => count === usual).length >= ALIKE * counts.length;
}
