/**
 * Exponential moving average, corrected for its start (as Adam corrects its moments).
 * weight: 0 leaves the values as they are, towards 1 the past weighs more.
 * NaN has no part in the average and stays NaN.
 */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  let sum = 0;
  let norm = 0;
  return Float64Array.from(values, (value) => {
    if (Number.isNaN(value)) return Number.NaN;
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return sum / norm;
  });
}
