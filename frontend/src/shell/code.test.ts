import { describe, expect, it } from 'vitest';
import type { Command, Experiment, Schema } from '../types';
import { actionCode, brief, experimentCode, python, sessionCode, wordsOf } from './code';

const place = { origin: 'http://lab:8000', keyed: false, id: 'abc', secret: 'sss' };

describe('Python', () => {
  it('has its own words for what JSON has too', () => {
    expect(python({ a: null, b: [true, false, 0.5, 'é"\n'] })).toBe(
      '{"a": None, "b": [True, False, 0.5, "é\\"\\n"]}',
    );
  });

  it('breaks what is too long for a line, and only that', () => {
    const long = { one: 'x'.repeat(50), two: { three: 'y'.repeat(40) }, four: [1, 2] };
    expect(python(long)).toBe(
      [
        '{',
        `    "one": "${'x'.repeat(50)}",`,
        `    "two": {"three": "${'y'.repeat(40)}"},`,
        '    "four": [1, 2],',
        '}',
      ].join('\n'),
    );
  });
});

describe('an experiment', () => {
  it('is made, trained and told', () => {
    const code = experimentCode('python', place, { seed: 3 }, 50);
    expect(code).toContain('with Playground("http://lab:8000", experiment) as lab:');
    expect(code).toContain('lab.train(steps=50)');
    const shell = experimentCode('curl', place, { title: "it's" }, 50);
    expect(shell).toContain(`-d '{"experiment":{"title":"it'\\''s"}}'`);
    expect(shell).toContain(`-d '{"steps":50}'`);
  });
});

describe('a session', () => {
  it('is met with its key where there is one', () => {
    expect(sessionCode('python', place)).toContain('Playground("http://lab:8000/#s=abc&k=sss")');
    expect(sessionCode('python', { ...place, secret: null })).toContain('8000/#s=abc")');
    expect(sessionCode('curl', place)).not.toContain('sss');
  });
});

describe('a server that wants an API key', () => {
  const keyed = { ...place, keyed: true };
  const told = /^# This server wants an API key: .* LAYERLAB_API_KEY/;
  const header = '-H "X-API-Key: $LAYERLAB_API_KEY"';

  it('is given it in every call, and where it goes is said', () => {
    const codes = [
      experimentCode('curl', keyed, {}, 5),
      sessionCode('curl', keyed),
      actionCode('curl', keyed, { kind: 'pause' }),
    ];
    for (const code of codes) {
      expect(code).toMatch(told);
      expect(code.split(header)).toHaveLength(code.split('curl -s').length);
    }
    for (const code of [
      experimentCode('python', keyed, {}, 5),
      sessionCode('python', keyed),
      actionCode('python', keyed, { kind: 'pause' }),
    ])
      expect(code).toMatch(told);
    expect(sessionCode('curl', place)).not.toContain('API');
  });
});

describe('an action', () => {
  const calls: [Command, string, string][] = [
    [{ kind: 'play' }, 'lab.play()', 'Play'],
    [{ kind: 'play', steps: 5 }, 'lab.play(5)', 'Play 5 steps'],
    [{ kind: 'pause' }, 'lab.pause()', 'Pause'],
    [{ kind: 'advance', epochs: 1 }, 'lab.train(epochs=1)', 'Train one epoch'],
    [{ kind: 'advance', steps: 1 }, 'lab.train(steps=1)', 'Train one step'],
    [{ kind: 'reset' }, 'lab.reset()', 'Reset'],
    [{ kind: 'reset', seed: 0 }, 'lab.reset(seed=0)', 'Reset'],
    [{ kind: 'seek', step: 40 }, 'lab.seek(40)', 'Go to step 40'],
    [{ kind: 'speed', epochs_per_second: null }, 'lab.set_speed(None)', 'Set the speed'],
    [
      { kind: 'patch', experiment: { training: { learning_rate: 0.1 } } },
      'lab.patch({"training": {"learning_rate": 0.1}})',
      'Change learning rate',
    ],
    [
      { kind: 'edit', layer: 0, param: 'w', index: [0, 2], value: -0.3 },
      'lab.edit(0, "w", [0, 2], -0.3)',
      'Set a weight by hand',
    ],
  ];
  for (const [command, call, words] of calls)
    it(`${call} is ${words}`, () => {
      expect(actionCode('python', place, command)).toContain(`\n${call}\n`);
      expect(actionCode('curl', place, command)).toContain(`-d '${JSON.stringify(command)}'`);
      expect(wordsOf(command)).toBe(words);
    });
});

describe('brief', () => {
  const circle = {
    properties: { kind: { const: 'circle' }, noise: { default: 0, type: 'number' } },
  };
  const dense = {
    properties: { kind: { const: 'dense' }, units: { default: 2, type: 'integer' } },
  };
  const schema = {
    $defs: { Stop: { type: 'object', properties: { patience: { default: 20, type: 'integer' } } } },
    properties: {
      dataset: { oneOf: [circle], default: 'circle' },
      layers: { items: { oneOf: [dense] }, default: [{ kind: 'dense', units: 4 }] },
      stop: { anyOf: [{ $ref: '#/$defs/Stop' }, { type: 'null' }], default: null },
    },
  } as unknown as Schema;
  const saying = (value: unknown) => brief(schema, value as Experiment);
  const usual = { dataset: { kind: 'circle', noise: 0 }, layers: [{ kind: 'dense', units: 4 }] };

  it('says nothing of the default', () => {
    expect(saying({ ...usual, stop: null })).toEqual({});
  });

  it('says what differs, and a kind with its defaults by its name', () => {
    expect(
      saying({
        dataset: { kind: 'circle', noise: 5 },
        layers: [{ kind: 'dense', units: 2 }],
        stop: { patience: 20 },
      }),
    ).toEqual({ dataset: { kind: 'circle', noise: 5 }, layers: ['dense'], stop: {} });
  });

  it('says all of what the dataset would suggest otherwise, and no more', () => {
    const room = {
      properties: { rate: { default: 1, type: 'number' }, ...(schema.properties as object) },
    };
    const outer = {
      ...schema,
      properties: {
        seed: { default: 0, type: 'integer' },
        training: { ...room, default: { rate: 1 } },
        generator: { anyOf: [room, { type: 'null' }], default: null },
      },
    } as unknown as Schema;
    const all = { rate: 1, ...usual, stop: null };
    const said = { rate: 1, dataset: 'circle', layers: [{ kind: 'dense', units: 4 }], stop: null };
    const experiment = { seed: 0, training: all, generator: all } as unknown as Experiment;
    expect(brief(outer, experiment, true)).toEqual({ training: said, generator: said });
    const alone = { seed: 0, training: all, generator: null } as unknown as Experiment;
    expect(brief(outer, alone, true)).toEqual({ training: said });
  });

  it('says nothing of what the server has yet to fill in', () => {
    expect(saying({ ...usual, layers: [{ kind: 'dense' }] })).toEqual({ layers: ['dense'] });
  });
});
