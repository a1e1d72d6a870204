/** Numbers as the pictures write them: short, and as wide at every value. */

const MINUS = '\u2212';

function tidy(text: string): string {
  return text.replace('-', MINUS);
}

/** A loss or any other positive measure: four figures where it matters. */
export function formatLoss(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return '∞';
  const size = Math.abs(value);
  if (size !== 0 && size < 0.0001) return tidy(value.toExponential(1));
  if (size >= 10_000) return tidy(value.toExponential(2));
  return tidy(value.toFixed(size < 10 ? 4 : size < 100 ? 3 : size < 1000 ? 2 : 1));
}

/** A share of one as a percentage with one decimal. */
export function formatPercent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return '–';
  return `${(share * 100).toFixed(1)} %`;
}

/** A share of one in whole per cent, for narrow tables. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return '–';
  return `${Math.round(share * 100)}%`;
}

/** R²: three decimals, fewer where it is far below zero. */
export function formatR2(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value < -9999) return tidy(value.toExponential(1));
  return tidy(value.toFixed(value < -99 ? 0 : value < -9 ? 1 : 3));
}

/** Three significant figures, without needless zeros: labels of axes and tooltips. */
export function formatShort(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value < 0 ? `${MINUS}∞` : '∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.001 || size >= 100_000) return tidy(value.toExponential(1));
  return tidy(String(Number(value.toPrecision(3))));
}

/** A coordinate or a value at a place: two decimals, always signed alike. */
export function formatPlace(value: number): string {
  return tidy(value.toFixed(2)).replace(/^\u22120\.00$/, '0.00');
}

/** A tick of an axis whose ticks are `increment` apart: as many decimals as tell them apart. */
export function formatTick(value: number, increment: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 0.001 || size >= 1e6)) return tidy(value.toExponential(0));
  const digits = increment.toFixed(6).replace(/0+$/, '').split('.')[1]?.length ?? 0;
  return tidy(
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
}

/** An epoch or a step: whole where it is large; what has not passed does not count, as in the counters. */
export function formatCount(value: number): string {
  return value >= 100 || Number.isInteger(value)
    ? Math.floor(value).toLocaleString('en')
    : (Math.floor(value * 10 + 1e-9) / 10).toFixed(1);
}
