import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  credentials,
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { nearest } from '../lib/nearest.ts';
import { jsonName, TypeRegistry } from './dynamic_json.ts';
import { callMethod, listMethods } from './grpc_call.ts';
import { decodeAnswer } from './reflection.ts';

const SERVICE = 'fathom.sample.v1.EchoService';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const servers: Server[] = [];
let target: string;
let bare: string;
let guarded: string;

interface Call {
  readonly request: { readonly text: string; readonly times: number; readonly sample: { readonly text?: string } };
}
type Stream = NodeJS.ReadWriteStream & AsyncIterable<{ text: string }>;

const HANDLERS = {
  Once: ({ request }: Call, callback: (error: object | null, response?: object) => void) =>
    request.sample.text === 'fail'
      ? callback({ code: status.INVALID_ARGUMENT, details: 'the text is fail' })
      : callback(null, request),
  Repeat: (call: Call & { write(message: object): void; end(): void }) => {
    for (let index = 0; index < call.request.times; index++) call.write({ text: call.request.text });
    call.end();
  },
  Join: async (call: Stream, callback: (error: null, response: object) => void) => {
    const texts: string[] = [];
    for await (const { text } of call) texts.push(text);
    callback(null, { text: texts.join('+') });
  },
  Each: (call: NodeJS.ReadWriteStream) => {
    call.on('data', (message) => call.write(message));
    call.on('end', () => call.end());
  },
};

/** Refuses calls without a header, those of reflection among them. */
const needsKey: ServerInterceptor = (_, call) => {
  const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, next) => {
    if (metadata.get('x-key')[0] === 'open') next(metadata);
    else call.sendStatus({ code: status.UNAUTHENTICATED, details: 'no key' });
  });
  return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener.build())).build());
};

async function start(
  definition: PackageDefinition,
  reflects: boolean,
  interceptors: ServerInterceptor[] = [],
): Promise<string> {
  const server = new Server({ interceptors });
  server.addService(definition[SERVICE] as ServiceDefinition, HANDLERS as never);
  if (reflects) new ReflectionService(definition).addToServer(server);
  servers.push(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `127.0.0.1:${port}`;
}

before(async () => {
  const options = { keepCase: true, longs: String, enums: String, includeDirs: [ROOT] };
  const definition = loadSync('tools/proto/tests/v1/sample.proto', options);
  target = await start(definition, true);
  bare = await start(definition, false);
  guarded = await start(definition, true, [needsKey]);
});
after(() => servers.forEach((server) => server.forceShutdown()));

async function call(method: string, requests: readonly unknown[], at = target): Promise<unknown[]> {
  const answers: unknown[] = [];
  await callMethod({
    target: at,
    credentials: credentials.createInsecure(),
    method: `${SERVICE}/${method}`,
    requests,
    deadlineMs: 5000,
    onResponse: (response) => answers.push(response),
  });
  return answers;
}

describe('callMethod, by reflection', () => {
  test('calls a unary method with every kind of field', async () => {
    const sample = {
      text: 'a',
      bigNumber: '9007199254740993',
      ratio: 0.5,
      isSo: true,
      raw: 'AAEC',
      counts: [1, 2],
      parts: { left: { name: 'door', colour: 'COLOUR_RED' } },
      mainPart: { name: 'roof' },
      colour: 'COLOUR_RED',
    };
    assert.deepEqual(await call('Once', [{ sample }]), [{ sample }]);
  });
  test('takes names as in the .proto file as well', async () =>
    assert.deepEqual(await call('Once', [{ sample: { is_so: true } }]), [{ sample: { isSo: true } }]));
  test('reads a stream of answers', async () =>
    assert.deepEqual(await call('Repeat', [{ text: 'a', times: 3 }]), [{ text: 'a' }, { text: 'a' }, { text: 'a' }]));
  test('writes a stream of messages', async () =>
    assert.deepEqual(await call('Join', [{ text: 'a' }, { text: 'b' }]), [{ text: 'a+b' }]));
  test('does both', async () =>
    assert.deepEqual(await call('Each', [{ text: 'a' }, { text: 'b' }]), [{ text: 'a' }, { text: 'b' }]));
  test('lists methods', async () => {
    const options = { target, credentials: credentials.createInsecure(), method: '', deadlineMs: 5000 };
    const lines = await listMethods(options);
    assert.ok(lines.includes(`${SERVICE}/Each(stream EachRequest) → stream EachResponse`), lines.join('\n'));
  });
  test('sends metadata along when it asks what there is, too', async () => {
    const options = { target: guarded, credentials: credentials.createInsecure(), deadlineMs: 5000 };
    const answers: unknown[] = [];
    const once = { ...options, method: `${SERVICE}/Once`, requests: [{ sample: { text: 'a' } }] };
    const onResponse = (response: unknown) => answers.push(response);
    const metadata = [['x-key', 'open']] as const;
    await assert.rejects(callMethod({ ...once, onResponse }), /UNAUTHENTICATED: no key/);
    await callMethod({ ...once, onResponse, metadata });
    assert.deepEqual(answers, [{ sample: { text: 'a' } }]);
    assert.ok((await listMethods({ ...options, method: '', metadata })).length > 3);
    const unknown = { ...once, onResponse, metadata, method: 'fathom.sample.v1.EchoServce/Once' };
    await assert.rejects(callMethod(unknown), { code: 'GRPC_UNKNOWN_NAME' });
  });
});

describe('whole numbers', () => {
  /** What a field of a type gets from JSON. */
  const read = (type: string, json: string) => {
    const field = [{ name: 'n', type: `TYPE_${type}`, label: 'LABEL_OPTIONAL', typeName: '' }];
    const definition = { M: { format: 'Protocol Buffer 3 DescriptorProto', type: { name: 'M', field } } };
    const registry = new TypeRegistry(definition as unknown as PackageDefinition);
    return registry.fromJson('M', { n: JSON.parse(json) as unknown })['n'];
  };
  for (const [type, json, sent] of [
    ['INT32', '-2147483648', -2_147_483_648],
    ['SFIXED32', '"2147483647"', 2_147_483_647],
    ['UINT32', '4294967295', 4_294_967_295],
    ['FIXED32', '"4294967295"', 4_294_967_295],
    ['INT64', '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['INT64', '"-9223372036854775808"', '-9223372036854775808'],
    ['UINT64', '"18446744073709551615"', '18446744073709551615'],
  ] as const) {
    test(`${json} is sent as ${type}`, () => assert.equal(read(type, json), sent));
  }
  for (const [type, json, why] of [
    ['INT32', '2147483648', /expected a whole number from -2147483648 to 2147483647, got 2147483648/],
    ['SINT32', '"-2147483649"', /from -2147483648 to 2147483647/],
    ['UINT32', '4294967296', /from 0 to 4294967295/],
    ['FIXED32', '-1', /from 0 to 4294967295/],
    ['INT64', '"9223372036854775808"', /from -9223372036854775808 to 9223372036854775807/],
    ['FIXED64', '"-1"', /from 0 to 18446744073709551615/],
    ['INT64', '9007199254740993', /not exact beyond 2\^53/],
    ['UINT64', '1e19', /not exact beyond 2\^53/],
    ['INT64', '1.5', /expected a whole number, got 1.5/],
  ] as const) {
    test(`${json} is refused as ${type}`, () =>
      assert.throws(() => read(type, json), { code: 'GRPC_JSON_INVALID', message: why }));
  }
});

describe('callMethod says what is wrong', () => {
  const rows = [
    {
      name: 'with a status',
      method: 'Once',
      request: { sample: { text: 'fail' } },
      error: /INVALID_ARGUMENT: the text is fail/,
    },
    { name: 'with a field', method: 'Once', request: { sampel: {} }, error: /has no field "sampel"/ },
    {
      name: 'with a nested field',
      method: 'Once',
      request: { sample: { parts: { a: { nam: '' } } } },
      error: /Reading the request\.sample\.parts\.a: .* no field "nam"/,
    },
    {
      name: 'with an enum',
      method: 'Once',
      request: { sample: { colour: 'RED' } },
      error: /expected one of COLOUR_UNSPECIFIED, COLOUR_RED, got "RED"/,
    },
    {
      name: 'with a number',
      method: 'Once',
      request: { sample: { counts: [1.5] } },
      error: /counts\[0\]: expected a whole number, got 1.5/,
    },
    { name: 'with a list', method: 'Once', request: { sample: { counts: 1 } }, error: /expected an array/ },
    { name: 'with a text', method: 'Once', request: { sample: { text: 1 } }, error: /expected a string, got 1/ },
    { name: 'with a message', method: 'Once', request: [], error: /expected an object/ },
    {
      name: 'with a method',
      method: 'Twice',
      request: {},
      error: /Finding method Twice at .*EchoService: it has Once/,
    },
  ];
  for (const { name, method, request, error } of rows) {
    test(name, () => assert.rejects(call(method, [request]), error));
  }
  test('with the number of messages', () => assert.rejects(call('Once', []), /takes one message, got 0/));
  test('with a server that does not reflect', () =>
    assert.rejects(call('Once', [{}], bare), { code: 'GRPC_NO_REFLECTION' }));
  test('with a server that is not there', () =>
    assert.rejects(call('Once', [{}], '127.0.0.1:1'), /UNAVAILABLE.*ECONNREFUSED/));
});

test('decodeAnswer reads files, services and errors, and skips what it does not know', () => {
  const bytes = [
    [0x0a, 0x01, 0x78], // valid_host
    [0x22, 0x07, 0x0a, 0x02, 0x01, 0x02, 0x0a, 0x01, 0x03], // two files
    [0x32, 0x05, 0x0a, 0x03, 0x0a, 0x01, 0x61], // a service
    [0x3a, 0x05, 0x08, 0x05, 0x12, 0x01, 0x6e], // an error
  ].flat();
  assert.deepEqual(decodeAnswer(Uint8Array.from(bytes)), {
    files: [Uint8Array.of(1, 2), Uint8Array.of(3)],
    services: ['a'],
    error: { code: 5, message: 'n' },
  });
});

test('names in JSON are camelCase, and the nearest known one is found', () => {
  assert.equal(jsonName('latitude_e7'), 'latitudeE7');
  assert.equal(jsonName('a__b_1'), 'aB1');
  assert.equal(nearest('GetFeatur', ['ListFeatures', 'GetFeature']), 'GetFeature');
  assert.equal(nearest('x', []), undefined);
});
