// Schemas of Kubernetes as JSON Schema: what closes an object, what opens it, and what the two say differently.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInSchema, customSchema } from '../json_schema.ts';

const CASES: readonly (readonly [name: string, source: object, expected: object])[] = [
  [
    'an object with properties takes no others',
    { type: 'object', properties: { a: { type: 'string' } } },
    { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
  ],
  ['an object without properties takes any', { type: 'object' }, { type: 'object' }],
  [
    'a map takes any names',
    { type: 'object', additionalProperties: { type: 'string' } },
    { type: 'object', additionalProperties: { type: 'string' } },
  ],
  [
    'a reference in an allOf of one is a reference',
    { allOf: [{ $ref: '#/components/schemas/io.x.Y' }], description: 'd', default: {} },
    { $ref: '#/definitions/io.x.Y' },
  ],
  [
    'int-or-string is both types',
    { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
    { type: ['integer', 'string'] },
  ],
  [
    'a union of types is a list of types',
    { oneOf: [{ type: 'string' }, { type: 'number' }] },
    { type: ['string', 'number'] },
  ],
  [
    'int32 has bounds',
    { type: 'integer', format: 'int32' },
    { type: 'integer', minimum: -2147483648, maximum: 2147483647 },
  ],
  [
    'descriptions are left out',
    { type: 'string', description: 'd', 'x-kubernetes-patch-strategy': 'merge' },
    { type: 'string' },
  ],
  [
    'plain defaults and keys of lists stay',
    {
      type: 'array',
      items: { type: 'object', properties: { p: { type: 'string', default: 'TCP' } } },
      'x-kubernetes-list-map-keys': ['p'],
    },
    {
      type: 'array',
      'x-kubernetes-list-map-keys': ['p'],
      items: { type: 'object', properties: { p: { type: 'string', default: 'TCP' } }, additionalProperties: false },
    },
  ],
  [
    'a field may be called like a keyword',
    { type: 'object', properties: { $ref: { type: 'string' }, properties: { type: 'object' } } },
    {
      type: 'object',
      properties: { $ref: { type: 'string' }, properties: { type: 'object' } },
      additionalProperties: false,
    },
  ],
];

for (const [name, source, expected] of CASES) {
  test(`built-in: ${name}`, () => assert.deepEqual(builtInSchema(source), expected));
}

const CUSTOM: readonly (readonly [name: string, source: object, expected: object])[] = [
  ['an object without properties is empty', { type: 'object' }, { type: 'object', additionalProperties: false }],
  [
    'preserve-unknown-fields opens an object, not those in it',
    {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { a: { type: 'object', properties: {} } },
    },
    { type: 'object', properties: { a: { type: 'object', properties: {}, additionalProperties: false } } },
  ],
  [
    'nullable adds null to types and words',
    { type: 'string', nullable: true, enum: ['a'] },
    { type: ['string', 'null'], enum: ['a', null] },
  ],
  [
    'a bound that is excluded is a number',
    { type: 'integer', minimum: 0, exclusiveMinimum: true },
    { type: 'integer', exclusiveMinimum: 0 },
  ],
  ["a pattern that is only Go's is left out", { type: 'string', pattern: '(?i)^a$' }, { type: 'string' }],
  [
    'branches close nothing',
    {
      type: 'object',
      properties: { a: { type: 'string' } },
      anyOf: [{ required: ['a'] }, { properties: { a: { minLength: 1 } } }],
    },
    {
      type: 'object',
      properties: { a: { type: 'string' } },
      additionalProperties: false,
      anyOf: [{ required: ['a'] }, { properties: { a: { minLength: 1 } } }],
    },
  ],
  [
    'int-or-string needs no anyOf',
    { anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^1$', 'x-kubernetes-int-or-string': true },
    { type: ['integer', 'string'], pattern: '^1$' },
  ],
];

for (const [name, source, expected] of CUSTOM) {
  test(`custom: ${name}`, () => {
    const schema = customSchema({ type: 'object', properties: { it: source } });
    assert.deepEqual(schema.properties?.['it'], expected);
  });
}

test('custom: objects and embedded ones have what every object has', () => {
  const schema = customSchema({
    type: 'object',
    properties: { it: { type: 'object', 'x-kubernetes-embedded-resource': true } },
  });
  for (const one of [schema, schema.properties?.['it']]) {
    assert.deepEqual(
      Object.keys(one?.properties ?? {}).filter((name) => name !== 'it'),
      ['apiVersion', 'kind', 'metadata'],
    );
  }
});
