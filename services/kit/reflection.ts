// Server reflection: tools ask a running server what it offers.
// Protocol: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
import { Duplex } from 'node:stream';
import { type MethodDefinition, type Server, type handleBidiStreamingCall, status } from '@grpc/grpc-js';

const VERSIONS = ['v1', 'v1alpha'];
const METHOD = 'ServerReflectionInfo';

type Handle<T> = handleBidiStreamingCall<T, T>;

/** A method of the library: its messages, and what answers them. */
interface Answering {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handle: Handle<unknown>;
}

/**
 * Adds server reflection (v1 and v1alpha) of all these FileDescriptorSets, as ts_proto_library's `x_descriptor.ts` holds
 * them; once for a server. What answers is loaded by the first call: it would be a tenth of the start of each server, of
 * which few are ever asked. Where it cannot be loaded, calls end with INTERNAL and say why.
 */
export function addReflection(server: Server, ...descriptorSetsBase64: readonly string[]): void {
  let loading: Promise<ReadonlyMap<string, Answering>> | undefined;
  for (const version of VERSIONS) {
    const path = `/grpc.reflection.${version}.ServerReflection/${METHOD}`;
    const asIs = (bytes: Buffer) => bytes;
    const codec = {
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    const handle: Handle<Buffer> = (call) => {
      loading ??= load(descriptorSetsBase64);
      loading
        .then((methods) => answer(call, methods.get(path)))
        .catch((error: unknown) => {
          const details = `Loading reflection failed: ${error instanceof Error ? error.message : String(error)}`;
          call.emit('error', { code: status.INTERNAL, details });
        });
    };
    server.addService(
      { [METHOD]: { path, requestStream: true, responseStream: true, ...codec } },
      { [METHOD]: handle },
    );
  }
}

/** Lets the library answer a call whose messages are bytes. */
function answer(call: Parameters<Handle<Buffer>>[0], method: Answering | undefined): void {
  if (method === undefined) throw new Error('@grpc/reflection does not have the method');
  const { definition, handle } = method;
  const messages = new Duplex({
    objectMode: true,
    read: () => undefined,
    write(message, _encoding, done) {
      call.write(definition.responseSerialize(message));
      done();
    },
    final(done) {
      call.end();
      done();
    },
  });
  call.on('data', (bytes: Buffer) => {
    let request: unknown;
    try {
      request = definition.requestDeserialize(bytes);
    } catch {
      call.emit('error', { code: status.INVALID_ARGUMENT, details: 'This is no ServerReflectionRequest' });
      return;
    }
    messages.push(request);
  });
  call.on('end', () => messages.push(null));
  // All that the library does with a call is to read, to write and to end it.
  handle(messages as unknown as Parameters<Handle<unknown>>[0]);
}

/** What the library adds to a server, by path. */
async function load(descriptorSetsBase64: readonly string[]): Promise<ReadonlyMap<string, Answering>> {
  const [{ create, fromBinary, toBinary }, { FileDescriptorSetSchema }, { loadFileDescriptorSetFromBuffer }, library] =
    await Promise.all([
      import('@bufbuild/protobuf'),
      import('@bufbuild/protobuf/wkt'),
      import('@grpc/proto-loader'),
      import('@grpc/reflection'),
    ]);
  // A file that several sets have is one: its messages would be there twice.
  const files = new Map(
    descriptorSetsBase64
      .flatMap((set) => fromBinary(FileDescriptorSetSchema, Buffer.from(set, 'base64')).file)
      .map((file) => [file.name, file]),
  );
  const all = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files.values()] }));
  // Names as they are in the .proto file: that is what callers are told.
  const definitions = loadFileDescriptorSetFromBuffer(Buffer.from(all), { keepCase: true });
  const added = new Map<string, Answering>();
  new library.ReflectionService(definitions).addToServer({
    addService(service, implementation) {
      for (const [name, definition] of Object.entries(service)) {
        added.set(definition.path, { definition, handle: implementation[name] as Handle<unknown> });
      }
    },
  });
  return added;
}
