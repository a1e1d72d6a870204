import { describe, expect, it } from 'vitest';
import type { KindValue, Schema } from '../types';
import { allEndings, dialogFields, fieldsBy, ownKinds, tableOf, typesOf, withType } from './kinds';

const kind = (name: string, hints: Schema, fields: Record<string, Schema>): Schema => ({
  type: 'object',
  title: name,
  ...hints,
  properties: { kind: { const: name }, ...fields },
});
const FILE = { 'x-widget': 'upload' };
const TYPES = { 'x-widget': 'types' };
const COLUMN = { 'x-widget': 'column', title: 'Answer' };

const schema: Schema = {
  properties: {
    data: {
      properties: {
        dataset: {
          oneOf: [
            kind('spiral', {}, { noise: { type: 'number' } }),
            kind(
              'mine',
              { 'x-own': true, 'x-accept': '.csv, .TSV', 'x-form': 'table' },
              { file: FILE, answer: COLUMN, types: TYPES, samples: { type: 'integer' } },
            ),
            kind(
              'lines',
              { 'x-own': true, 'x-accept': '.csv', 'x-form': 'tokens' },
              { file: FILE, text: COLUMN, types: TYPES },
            ),
            kind('album', { 'x-own': true, 'x-accept': '.zip', 'x-form': 'image' }, { file: FILE }),
          ],
        },
      },
    },
  },
};
const value = (dataset: Record<string, unknown>) => dataset as KindValue;

describe('kinds of one’s own data', () => {
  it('are those that the schema says are, with what they read', () => {
    const kinds = ownKinds(schema);
    expect(kinds.map(({ kind }) => kind)).toEqual(['mine', 'lines', 'album']);
    expect(allEndings(kinds)).toEqual(['.csv', '.tsv', '.zip']);
    expect(dialogFields(schema, kinds[0]?.node ?? {})).toEqual(['file', 'types', 'answer']);
    expect(fieldsBy(schema, kinds[1]?.node ?? {}, 'column').map(({ name }) => name)).toEqual([
      'text',
    ]);
  });

  it('have the columns of a table, whatever it is learned as; pictures have none', () => {
    const types = [{ column: 'age', kind: 'category' }];
    expect(tableOf(schema, value({ kind: 'mine', file: 'a', answer: 'age' }))).toEqual({
      kind: 'mine',
      file: 'a',
      answer: 'age',
    });
    expect(tableOf(schema, value({ kind: 'lines', file: 'a', text: 'b', types }))).toEqual({
      kind: 'mine',
      file: 'a',
      types,
    });
    expect(tableOf(schema, value({ kind: 'album', file: 'a' }))).toBeNull();
    expect(tableOf(schema, value({ kind: 'spiral' }))).toBeNull();
  });

  it('are told the type of a column once, and no more when it is guessed', () => {
    const said = withType(value({ kind: 'mine' }), 'age', 'category');
    expect(typesOf(said)).toEqual([{ column: 'age', kind: 'category' }]);
    const other = withType(withType(said, 'age', 'text'), 'sex', 'number');
    expect(typesOf(other).map(({ column }) => column)).toEqual(['age', 'sex']);
    expect(typesOf(withType(other, 'age', null))).toEqual([{ column: 'sex', kind: 'number' }]);
  });
});
