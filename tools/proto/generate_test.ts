import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importMappings } from './generate.ts';

const file = { proto: 'shop/v1/order.proto', module: 'shop/v1/order' };

test('a module beside the importing one, or where its name says, needs no mapping', () => {
  const modules = [
    file,
    { proto: 'shop/v1/item.proto', module: 'shop/v1/item' },
    { proto: 'pay/v1/card.proto', module: 'pay/v1/card' },
  ];
  assert.deepEqual(importMappings(file, modules), []);
});

test('a module elsewhere is mapped to its path from the importing one', () => {
  const timestamp = {
    proto: 'google/protobuf/timestamp.proto',
    module: 'external/fathom/tools/proto/google/protobuf/timestamp',
  };
  assert.deepEqual(importMappings(file, [timestamp]), [
    'Mgoogle/protobuf/timestamp.proto=../../external/fathom/tools/proto/google/protobuf/timestamp.ts',
  ]);
});

test('a module below the importing one is named from the root of import names', () => {
  const renamed = { proto: 'other/item.proto', module: 'shop/v1/generated/item' };
  assert.deepEqual(importMappings(file, [renamed]), ['Mother/item.proto=./shop/v1/generated/item.ts']);
});
