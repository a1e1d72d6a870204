import { describe, expect, it } from 'vitest';
import type { Session } from '../types';
import { type Beside, parametersOf, preparationText, stagesOf } from './stages';

const session = {
  experiment: { data: { features: ['x', 'y'], dataset: { kind: 'iris' }, preparation: [] } },
  form: 'points',
  counts: { train: 250, validation: 0, test: 250 },
  status: 'paused',
  graph: { layers: [{ params: { w: [2, 4], b: [4] } }, { params: { w: [4, 1], b: [1] } }] },
  evaluations: [],
} as unknown as Session;
const beside: Beside = { dataset: 'Circle', step: 0, loss: null, sweep: null, deployed: 0 };
const of = (changes: object, more: Partial<Beside> = {}) =>
  Object.fromEntries(
    stagesOf({ ...session, ...changes } as Session, { ...beside, ...more }).map((stage) => [
      stage.name,
      `${stage.state}: ${stage.said}`,
    ]),
  );
const test = { part: 'test', step: 4000, time: 0, digest: '', count: 250, accuracy: 0.961 };

describe('the way from data to deployment', () => {
  it('says of a new session what is missing', () => {
    expect(of({})).toEqual({
      data: 'done: Circle, 500 points',
      preparation: 'done: 2 features',
      network: 'done: 17 parameters',
      training: 'missing: not begun',
      evaluation: 'missing: not asked yet',
      tuning: 'missing: no sweep yet',
      deployment: 'missing: not deployed',
    });
  });
  it('says how far each part has come', () => {
    const said = of(
      { evaluations: [test, test] },
      { step: 4000, loss: 0.0312, sweep: { finished: 3, runs: 12 }, deployed: 2 },
    );
    expect(said.training).toBe('done: step 4,000, loss 0.031');
    expect(said.evaluation).toBe('done: 96.1 % right, asked 2×');
    expect(said.tuning).toBe('begun: 3 of 12 runs');
    expect(said.deployment).toBe('done: deployed 2×');
  });
  it('tells an evaluation of other weights, no data, and what went wrong', () => {
    expect(of({ evaluations: [test] }, { step: 4001 }).evaluation).toBe('begun: 96.1 % right');
    expect(of({ counts: { train: 0, validation: 0, test: 0 } }).data).toBe(
      'missing: nothing to learn from',
    );
    expect(of({ status: 'diverged' }, { step: 9 }).training).toBe('wrong: diverged at step 9');
  });
  it('counts steps of a table and parameters of both networks', () => {
    const table = {
      ...session,
      form: 'table',
      experiment: { data: { features: [], preparation: [{ kind: 'one_hot' }] } },
      generator: { layers: [{ params: { w: [2, 2] } }] },
    } as unknown as Session;
    expect(preparationText(table)).toBe('1 step');
    expect(parametersOf(table)).toBe(21);
  });
});
