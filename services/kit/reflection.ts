// Server reflection: tools ask a running server what it offers.
// Protocol: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
import { createRequire } from 'node:module';
import type { MethodDefinition, Server, handleBidiStreamingCall } from '@grpc/grpc-js';
import type * as ProtoLoader from '@grpc/proto-loader';
import type * as Reflection from '@grpc/reflection';

const require = createRequire(import.meta.url);

const VERSIONS = ['v1', 'v1alpha'];
const METHOD = 'ServerReflectionInfo';

interface Answering {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handle: handleBidiStreamingCall<unknown, unknown>;
}

/**
 * Adds server reflection (v1 and v1alpha) of all these FileDescriptorSets, as ts_proto_library's `x_descriptor.ts` holds
 * them; once for a server. What answers is loaded by the first call: it would be a tenth of the start of each server, of
 * which few are ever asked.
 */
export function addReflection(server: Server, ...descriptorSetsBase64: readonly string[]): void {
  let known: ReadonlyMap<string, Answering> | undefined;
  const answering = (path: string): Answering => {
    known ??= load(descriptorSetsBase64);
    const found = known.get(path);
    if (found === undefined) throw new Error(`@grpc/reflection has no ${path}`);
    return found;
  };
  for (const version of VERSIONS) {
    const path = `/grpc.reflection.${version}.ServerReflection/${METHOD}`;
    const definition: MethodDefinition<unknown, unknown> = {
      ...{ path, requestStream: true, responseStream: true },
      requestSerialize: (value) => answering(path).definition.requestSerialize(value),
      requestDeserialize: (bytes) => answering(path).definition.requestDeserialize(bytes),
      responseSerialize: (value) => answering(path).definition.responseSerialize(value),
      responseDeserialize: (bytes) => answering(path).definition.responseDeserialize(bytes),
    };
    const handle: handleBidiStreamingCall<unknown, unknown> = (call) => answering(path).handle(call);
    server.addService({ [METHOD]: definition }, { [METHOD]: handle });
  }
}

/** What the library adds to a server, by path. */
function load(descriptorSetsBase64: readonly string[]): ReadonlyMap<string, Answering> {
  const { loadFileDescriptorSetFromBuffer } = require('@grpc/proto-loader') as typeof ProtoLoader;
  const { ReflectionService } = require('@grpc/reflection') as typeof Reflection;
  const sets = descriptorSetsBase64.map((set) =>
    // Names as they are in the .proto file: that is what callers are told.
    loadFileDescriptorSetFromBuffer(Buffer.from(set, 'base64'), { keepCase: true }),
  );
  const added = new Map<string, Answering>();
  new ReflectionService(Object.assign({}, ...sets) as ProtoLoader.PackageDefinition).addToServer({
    addService(service, implementation) {
      for (const [name, definition] of Object.entries(service)) {
        const handle = implementation[name] as handleBidiStreamingCall<unknown, unknown>;
        added.set(definition.path, { definition, handle });
      }
    },
  });
  return added;
}
