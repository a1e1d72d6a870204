import type { Limits } from './schema';

/** Between a number and a slider's place on it. Places are whole numbers from 0 to `last`. */
export interface Scale {
  last: number;
  place: (value: number) => number;
  value: (place: number) => number;
}

const FINE = 200; // places of a slider without stops
const DECADES = 5; // below the maximum, where a log scale has no lower end

export function scaleOf(limits: Limits, current: number): Scale {
  if (limits.stops.length) return stopped(limits.stops, current);
  return limits.log ? logarithmic(limits) : linear(limits);
}

/** Stops, and the current value among them where it is none: nothing moves by being looked at. */
function stopped(stops: number[], current: number): Scale {
  const all = [...new Set(Number.isFinite(current) ? [...stops, current] : stops)].sort(
    (a, b) => a - b,
  );
  return {
    last: all.length - 1,
    place: (value) => nearest(all, value),
    value: (place) => all[Math.round(place)] as number,
  };
}

function nearest(sorted: number[], value: number): number {
  let best = 0;
  for (const [i, stop] of sorted.entries())
    if (Math.abs(stop - value) < Math.abs((sorted[best] as number) - value)) best = i;
  return best;
}

function linear({ min, max, integer, above, below }: Limits): Scale {
  const from = Number.isFinite(min) ? min : -10;
  const to = Number.isFinite(max) ? max : from + 20;
  const whole = integer && to - from <= 1000;
  const last = whole ? to - from : FINE;
  const edge = (place: number) => Math.min(Math.max(place, above ? 1 : 0), below ? last - 1 : last);
  return {
    last,
    place: (value) => clamp(Math.round(((value - from) / (to - from)) * last), last),
    value: (place) => tidy(from + (edge(place) / last) * (to - from), integer),
  };
}

/** The first place is zero where zero is allowed. */
function logarithmic({ min, max, integer, above }: Limits): Scale {
  const to = Number.isFinite(max) ? max : 1000;
  const from = min > 0 ? min : integer ? 1 : to * 10 ** -DECADES;
  const zero = min <= 0 && !above;
  const span = Math.log(to / from);
  const first = zero ? 1 : 0;
  return {
    last: FINE,
    place: (value) =>
      zero && value < from
        ? 0
        : clamp(first + Math.round((Math.log(value / from) / span) * (FINE - first)), FINE),
    value: (place) =>
      zero && place < 1
        ? 0
        : tidy(from * Math.exp(((place - first) / (FINE - first)) * span), integer),
  };
}

const clamp = (place: number, last: number) => Math.min(Math.max(place || 0, 0), last);

/** Three significant digits are what a hand on a slider means. */
const tidy = (value: number, integer: boolean) =>
  integer ? Math.round(value) : Number(value.toPrecision(3));

/** A number as a person writes it. */
export function show(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e10) return String(value); // a seed, to its last digit
  if (size >= 1e6 || size < 1e-5) return value.toExponential().replace('e+', 'e');
  return String(Number(value.toPrecision(7)));
}

/** What a person wrote, or NaN; a comma may stand for the decimal point. */
export function read(text: string): number {
  const plain = text
    .trim()
    .replace('−', '-')
    .replace(/^([-+]?\d*),(\d+)$/, '$1.$2');
  return plain === '' ? Number.NaN : Number(plain);
}
