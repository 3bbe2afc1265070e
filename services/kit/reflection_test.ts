import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { type MessageInitShape, create, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import { addReflection } from './reflection.ts';

type File = MessageInitShape<typeof FileDescriptorProtoSchema>;

function setOf(...file: readonly File[]): string {
  const set = create(FileDescriptorSetSchema, { file: [...file] });
  return Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString('base64');
}

const COMMON: File = {
  name: 'shop/common.proto',
  package: 'shop',
  syntax: 'proto3',
  messageType: [{ name: 'Common' }],
};

/** A file of the package `shop` with one service, whose messages are in the common one. */
function serviceFile(name: string): File {
  const method = { name: 'Do', inputType: '.shop.Common', outputType: '.shop.Common' };
  return {
    ...{ name: `shop/${name}.proto`, package: 'shop', syntax: 'proto3', dependency: ['shop/common.proto'] },
    service: [{ name, method: [method] }],
  };
}

const ends: (() => void)[] = [];
after(() => ends.forEach((end) => end()));

/** A server with reflection of these sets; asks by the bytes of requests, and resolves to those of the answer. */
async function start(...sets: readonly string[]) {
  const server = new Server();
  addReflection(server, ...sets);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  ends.push(
    () => client.close(),
    () => server.forceShutdown(),
  );
  return async (request: Buffer, version = 'v1'): Promise<string> => {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const bytes = (value: Buffer) => value;
    const call = client.makeBidiStreamRequest(path, bytes, bytes, { deadline: Date.now() + 10_000 });
    call.write(request);
    const [answer] = (await once(call, 'data')) as [Buffer];
    call.end();
    await once(call.resume(), 'end');
    return answer.toString('latin1');
  };
}

// Fields of ServerReflectionRequest: 7 is list_services, 4 is file_containing_symbol.
const field = (number: number, text: string) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)]);
const isLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/@grpc/reflection/'));

test('a server tells of the services of all sets, in both versions, and loads what answers when it is asked', async () => {
  const ask = await start(setOf(COMMON, serviceFile('First')), setOf(COMMON, serviceFile('Second')));
  assert.equal(isLoaded(), false);
  for (const version of ['v1', 'v1alpha']) {
    const answer = await ask(field(7, '*'), version);
    assert.match(answer, /shop\.First/);
    assert.match(answer, /shop\.Second/);
    const files = await ask(field(4, 'shop.Second'), version);
    assert.match(files, /Second/);
    assert.equal(files.match(/\nCommon|\u0006Common/g)?.length, 1, 'the message that both sets have');
  }
  assert.equal(isLoaded(), true);
});

test('of what it does not know, and of what is no request, it says so', async () => {
  const ask = await start(setOf(COMMON, serviceFile('First')));
  assert.match(await ask(field(4, 'shop.Third')), /not found/i);
  await assert.rejects(ask(Buffer.from([0xff])), { code: 3, details: 'This is no ServerReflectionRequest' });
  assert.match(await ask(field(7, '*')), /shop\.First/);
});

test('where a set cannot be read, each call says why', async () => {
  const ask = await start('AAAA');
  for (let time = 0; time < 2; time++) {
    await assert.rejects(ask(field(7, '*')), { code: 13, details: /^Loading reflection failed: ./ });
  }
});
