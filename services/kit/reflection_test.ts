import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import { addReflection } from './reflection.ts';

/** A FileDescriptorSet of one service with one message. */
function descriptorSet(name: string): string {
  const message = `.${name}.v1.Message`;
  const service = { name: 'Service', method: [{ name: 'Do', inputType: message, outputType: message }] };
  const file = { name: `${name}/v1/${name}.proto`, package: `${name}.v1`, syntax: 'proto3' };
  const set = create(FileDescriptorSetSchema, {
    file: [{ ...file, messageType: [{ name: 'Message' }], service: [service] }],
  });
  return Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString('base64');
}

const server = new Server();
addReflection(server, descriptorSet('first'), descriptorSet('second'));
const port = await new Promise<number>((resolve, reject) =>
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  ),
);
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
after(() => {
  client.close();
  server.forceShutdown();
});

const isLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/@grpc/reflection/'));

/** Asks by the bytes of a ServerReflectionRequest, and resolves to those of the answer. */
async function ask(version: string, request: Buffer): Promise<string> {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const bytes = (value: Buffer) => value;
  const call = client.makeBidiStreamRequest(path, bytes, bytes, { deadline: Date.now() + 10_000 });
  call.write(request);
  const [answer] = (await once(call, 'data')) as [Buffer];
  call.end();
  await once(call.resume(), 'end');
  return answer.toString('latin1');
}

// Fields of ServerReflectionRequest: 7 is list_services, 4 is file_containing_symbol.
const field = (number: number, text: string) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)]);

test('a server tells of the services of all sets, in both versions, and loads what answers when it is asked', async () => {
  assert.equal(isLoaded(), false);
  for (const version of ['v1', 'v1alpha']) {
    const answer = await ask(version, field(7, '*'));
    assert.match(answer, /first\.v1\.Service/);
    assert.match(answer, /second\.v1\.Service/);
    assert.match(await ask(version, field(4, 'second.v1.Service')), /second\/v1\/second\.proto/);
  }
  assert.equal(isLoaded(), true);
});

test('of what it does not know it says so', async () => {
  assert.match(await ask('v1', field(4, 'third.v1.Service')), /not found/i);
});
