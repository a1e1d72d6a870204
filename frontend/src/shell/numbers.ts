/** Numbers of the counters, in English like the page's words: the locale that a browser has may be
 * none that `Intl` knows. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', {
  notation: 'compact',
  maximumSignificantDigits: 3,
});

export const count = (value: number): string => whole.format(value);

/** 1234567 as 1.23M: for rates, which nobody reads to the last digit. */
export const rate = (value: number): string => short.format(value);

/** The part of an epoch counts too, while there are few. */
export const epochs = (value: number): string =>
  value < 100 ? (Math.floor(value * 10 + 1e-9) / 10).toFixed(1) : whole.format(Math.floor(value));

export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
