// What ts_proto_library generates, used as a program uses it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Colour, Part } from './common.ts';
import { EchoServiceService, Sample } from './sample.ts';
import { descriptorSetBase64 } from './sample_descriptor.ts';

test('messages survive encoding, imported ones included', () => {
  const main: Part = { name: 'door', colour: Colour.COLOUR_RED };
  const sample = Sample.fromPartial({ text: 'a', counts: [1, 2], parts: { main }, mainPart: main });
  assert.deepEqual(Sample.decode(Sample.encode(sample).finish()), sample);
  assert.deepEqual(Sample.fromJSON({ mainPart: { colour: 'COLOUR_RED' } }).mainPart?.colour, Colour.COLOUR_RED);
});

test('services name their methods for grpc-js', () => {
  assert.equal(EchoServiceService.each.path, '/fathom.sample.v1.EchoService/Each');
  assert.equal(EchoServiceService.each.requestStream && EchoServiceService.each.responseStream, true);
});

test('the descriptor holds the file and what it imports', () => {
  const set = Buffer.from(descriptorSetBase64, 'base64').toString('latin1');
  for (const name of ['tools/proto/tests/v1/common.proto', 'tools/proto/tests/v1/sample.proto'])
    assert.ok(set.includes(name));
});
