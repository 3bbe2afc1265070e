// Calls any method of any service from JSON.
import {
  Client,
  type ChannelCredentials,
  Metadata,
  type MethodDefinition as GrpcMethod,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { ToolError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { TypeRegistry } from './dynamic_json.ts';
import { type AskOptions, descriptorSetOf, listServices, ReflectionError } from './reflection.ts';

type Message = Record<string, unknown>;

/** Options of {@link callMethod}. */
export interface CallOptions {
  /** `host:port`. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  /** `package.Service/Method`. */
  readonly method: string;
  /** Messages as JSON values; exactly one unless the method takes a stream. */
  readonly requests: readonly unknown[];
  /** A FileDescriptorSet. Default: the server is asked by reflection. */
  readonly descriptorSet?: Buffer | undefined;
  /** Sent with the call, and with what the server is asked by reflection. Default: none. */
  readonly metadata?: readonly (readonly [string, string])[];
  readonly deadlineMs: number;
  /** Gets each answer as it comes. */
  readonly onResponse: (response: Message) => void;
  readonly signal?: AbortSignal;
}

const LOADING = { longs: String, enums: String } as const;

function isService(entry: PackageDefinition[string] | undefined): entry is ServiceDefinition {
  return entry !== undefined && !('format' in entry);
}

/** A call that the server or the way to it refused; the hint says what to look at. */
function callError(what: string, target: string, error: unknown): ToolError {
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined) throw error;
  const hints: Partial<Record<number, string>> = {
    [status.UNAVAILABLE]: 'Check that the server runs there: host, port, and --tls where it asks for it.',
    [status.UNIMPLEMENTED]: 'Call without a method to list what the server offers.',
    [status.DEADLINE_EXCEEDED]: 'Give it more time with --deadline=SECONDS.',
  };
  const text = details === undefined || details === '' ? (error as Error).message : details;
  return new ToolError('GRPC_CALL_FAILED', `Calling ${what} at ${target}: ${status[code] ?? code}: ${text}`, {
    cause: error,
    hint: hints[code] ?? 'See what the server says of the call in its log.',
  });
}

function metadataOf({ metadata = [] }: Pick<CallOptions, 'metadata'>): Metadata {
  const sent = new Metadata();
  for (const [key, value] of metadata) sent.add(key, value);
  return sent;
}

function askOptions(options: Pick<CallOptions, 'deadlineMs' | 'metadata'>): AskOptions {
  return { deadlineMs: options.deadlineMs, metadata: metadataOf(options) };
}

async function describe(client: Client, options: CallOptions, service: string): Promise<PackageDefinition> {
  if (options.descriptorSet !== undefined) return loadFileDescriptorSetFromBuffer(options.descriptorSet, LOADING);
  try {
    return loadFileDescriptorSetFromBuffer(await descriptorSetOf(client, service, askOptions(options)), LOADING);
  } catch (error) {
    if ((error as ServiceError).code === status.UNIMPLEMENTED) {
      throw new ToolError(
        'GRPC_NO_REFLECTION',
        `Asking ${options.target} about ${service}: it has no server reflection`,
        {
          hint: 'Give the descriptors: --descriptor-set=FILE, an output of its proto_library or of protoc --include_imports.',
        },
      );
    }
    if (!(error instanceof ReflectionError)) throw callError('server reflection', options.target, error);
    const known = await listServices(client, askOptions(options));
    throw unknownName('service', service, known, options.target);
  }
}

function unknownName(kind: string, name: string, known: readonly string[], where: string): ToolError {
  const meant = nearest(name, known);
  return new ToolError(
    'GRPC_UNKNOWN_NAME',
    `Finding ${kind} ${name} at ${where}: it has ${known.join(', ') || 'none'}`,
    {
      hint: meant === undefined ? `Name a ${kind} that exists.` : `Did you mean ${meant}?`,
    },
  );
}

function grpcMethod(
  registry: TypeRegistry,
  service: ServiceDefinition[string],
  types: { in: string; out: string },
): GrpcMethod<unknown, Message> {
  return {
    path: service.path,
    requestStream: service.requestStream,
    responseStream: service.responseStream,
    requestSerialize: (value) => service.requestSerialize(registry.fromJson(types.in, value)),
    requestDeserialize: (bytes) => service.requestDeserialize(bytes),
    responseSerialize: (value) => service.responseSerialize(value),
    responseDeserialize: (bytes) => registry.toJson(types.out, service.responseDeserialize(bytes) as Message),
  };
}

/** The full name of a method's type: proto-loader gives its descriptor, and the package's entries the name. */
function fullName(
  definition: PackageDefinition,
  type: ServiceDefinition[string]['requestType'],
  service: string,
): string {
  const scope = service.slice(0, service.lastIndexOf('.') + 1);
  const name = (type.type as { name?: string }).name ?? '';
  const same = Object.entries(definition).filter(
    ([, entry]) => 'format' in entry && JSON.stringify(entry.type) === JSON.stringify(type.type),
  );
  const names = same.map(([entry]) => entry);
  return names.find((entry) => entry === `${scope}${name}`) ?? names[0] ?? name;
}

async function exchange(client: Client, method: GrpcMethod<unknown, Message>, options: CallOptions): Promise<void> {
  const metadata = metadataOf(options);
  const callOptions = { deadline: Date.now() + options.deadlineMs };
  const { path, requestSerialize: write, responseDeserialize: read, requestStream, responseStream } = method;
  const { onResponse, requests, signal } = options;

  await new Promise<void>((resolve, reject) => {
    const done = (error: ServiceError | null, value?: Message) => {
      if (error !== null) return reject(error);
      if (value !== undefined) onResponse(value);
      resolve();
    };
    const [first] = requests;
    const readAll = (stream: NodeJS.EventEmitter) =>
      stream.on('data', onResponse).on('error', reject).on('end', resolve);
    const writeAll = (stream: { write(message: unknown): unknown; end(): unknown }) => {
      for (const request of requests) stream.write(request);
      stream.end();
    };
    const start = () => {
      if (requestStream && responseStream) {
        const call = client.makeBidiStreamRequest(path, write, read, metadata, callOptions);
        readAll(call);
        writeAll(call);
        return call;
      }
      if (requestStream) {
        const call = client.makeClientStreamRequest(path, write, read, metadata, callOptions, done);
        writeAll(call);
        return call;
      }
      if (responseStream) {
        const call = client.makeServerStreamRequest(path, write, read, first, metadata, callOptions);
        readAll(call);
        return call;
      }
      return client.makeUnaryRequest(path, write, read, first, metadata, callOptions, done);
    };
    const call = start();
    signal?.addEventListener('abort', () => call.cancel(), { once: true });
  });
}

/** Calls a method; answers go to `onResponse`. Throws a ToolError that says what was wrong, and where. */
export async function callMethod(options: CallOptions): Promise<void> {
  const [service = '', name = ''] = options.method.split('/');
  const client = new Client(options.target, options.credentials);
  try {
    const definition = await describe(client, options, service);
    const entry = definition[service];
    const where = options.descriptorSet === undefined ? options.target : 'the descriptor set';
    if (!isService(entry)) {
      const known = Object.keys(definition).filter((key) => isService(definition[key]));
      throw unknownName('service', service, known, where);
    }
    const found = entry[name];
    if (found === undefined) throw unknownName('method', name, Object.keys(entry), service);
    const registry = new TypeRegistry(definition);
    const types = {
      in: fullName(definition, found.requestType, service),
      out: fullName(definition, found.responseType, service),
    };
    if (!found.requestStream && options.requests.length !== 1) {
      throw new ToolError(
        'GRPC_REQUESTS_WRONG',
        `Calling ${options.method}: it takes one message, got ${options.requests.length}`,
        {
          hint: `Give one ${types.in} as JSON.`,
        },
      );
    }
    for (const request of options.requests) registry.fromJson(types.in, request);
    await exchange(client, grpcMethod(registry, found, types), options).catch((error: unknown) => {
      throw callError(options.method, options.target, error);
    });
  } finally {
    client.close();
  }
}

/** The methods of a server's services, or of one of them: `package.Service/Method(stream Request) → Response`. */
export async function listMethods(options: Omit<CallOptions, 'requests' | 'onResponse'>): Promise<string[]> {
  const client = new Client(options.target, options.credentials);
  const full = { ...options, requests: [], onResponse: () => undefined };
  try {
    const services =
      options.method !== ''
        ? [options.method]
        : options.descriptorSet === undefined
          ? await listServices(client, askOptions(options)).catch((error: unknown) => {
              throw callError('server reflection', options.target, error);
            })
          : Object.entries(await describe(client, full, '')).flatMap(([name, entry]) =>
              isService(entry) ? [name] : [],
            );
    const lines: string[] = [];
    for (const service of services) {
      const entry = (await describe(client, full, service))[service];
      if (!isService(entry)) continue;
      for (const [name, method] of Object.entries(entry)) {
        const type = (stream: boolean, message: { type: object }) =>
          `${stream ? 'stream ' : ''}${(message.type as { name?: string }).name ?? ''}`;
        lines.push(
          `${service}/${name}(${type(method.requestStream, method.requestType)}) → ${type(method.responseStream, method.responseType)}`,
        );
      }
    }
    return lines;
  } finally {
    client.close();
  }
}
