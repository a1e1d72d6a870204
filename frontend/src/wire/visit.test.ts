import { describe, expect, it } from 'vitest';
import { readAddress } from './address';
import { readVisit, writeVisit } from './visit';

describe('the address of a session', () => {
  it('is read as it was written', () => {
    for (const visit of [
      { id: 'a-b_9', secret: null },
      { id: 'a b&c', secret: 'k=+/#' },
    ])
      expect(readVisit(writeVisit(visit))).toEqual(visit);
  });

  it('is none of the others', () => {
    for (const hash of ['', '#', '#outcome', '#activation=relu&seed=0.5', '#x=eyJ9', '#s='])
      expect(readVisit(hash)).toBeNull();
    expect(readAddress('#s=').kind).not.toBe('experiment');
  });
});
