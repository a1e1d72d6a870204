import { formatShort } from '../pictures/numbers';
import type { Session } from '../types';

/** A label or output of a table's numbers in their own unit. */
export const unscaled = ({ scale = [0, 1] }: Pick<Session, 'scale'>, value: number): number =>
  value * scale[1] + scale[0];

/** The true answer of an example: its class, or the number; '' where it is not known. */
export function answerText(session: Session, label: number | number[] | null | undefined): string {
  if (typeof label !== 'number') return '';
  return session.problem === 'classification'
    ? (session.class_names[label] ?? String(label))
    : formatShort(unscaled(session, label));
}
