// The caller's side of gRPC server reflection: the descriptors of a service, asked from the server itself.
// Protocol: https://github.com/grpc/grpc/blob/master/src/proto/grpc/reflection/v1/reflection.proto
import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { type Client, type ClientDuplexStream, type Metadata, type ServiceError, status } from '@grpc/grpc-js';

// Newest first. Servers of older libraries know only the second.
const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/** A question: a field number of ServerReflectionRequest, and its text. */
interface Question {
  readonly field: 3 | 4 | 7;
  readonly text: string;
}

const fileByName = (text: string): Question => ({ field: 3, text });
const fileOfSymbol = (text: string): Question => ({ field: 4, text });
const LIST_SERVICES: Question = { field: 7, text: '*' };

/** What a server may answer. */
interface Answer {
  readonly files: readonly Uint8Array[];
  readonly services: readonly string[];
  readonly error: { readonly code: number; readonly message: string } | undefined;
}

/** The server says that it does not know what was asked for, or fails otherwise. */
export class ReflectionError extends Error {
  override readonly name = 'ReflectionError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

function encodeQuestion({ field, text }: Question): Buffer {
  return Buffer.from(
    new BinaryWriter()
      .uint32((field << 3) | 2)
      .string(text)
      .finish(),
  );
}

/** Calls `take` for each length-delimited or varint field of a message; other kinds are skipped. */
function readFields(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!take(field, reader)) reader.skip(wireType, field);
  }
}

/** A ServerReflectionResponse. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const files: Uint8Array[] = [];
  const services: string[] = [];
  let error: { code: number; message: string } | undefined;
  readFields(bytes, (field, reader) => {
    if (field !== 4 && field !== 6 && field !== 7) return false;
    const part = reader.bytes();
    if (field === 7) error = { code: 0, message: '' };
    readFields(part, (inner, innerReader) => {
      if (field === 4 && inner === 1) files.push(innerReader.bytes());
      else if (field === 6 && inner === 1) {
        readFields(innerReader.bytes(), (number, r) => number === 1 && (services.push(r.string()), true));
      } else if (error !== undefined && inner === 1) error.code = innerReader.int32();
      else if (error !== undefined && inner === 2) error.message = innerReader.string();
      else return false;
      return true;
    });
    return true;
  });
  return { files, services, error };
}

/** How a server is asked. */
export interface AskOptions {
  readonly deadlineMs: number;
  /** Sent along: the server may want to know who asks. */
  readonly metadata: Metadata;
}

/** Asks a server about itself, over one stream. */
class Conversation {
  readonly #stream: ClientDuplexStream<Question, Answer>;
  readonly #answers: AsyncIterator<Answer>;

  constructor(client: Client, service: string, { deadlineMs, metadata }: AskOptions) {
    const path = `/${service}/ServerReflectionInfo`;
    const options = { deadline: Date.now() + deadlineMs };
    this.#stream = client.makeBidiStreamRequest(path, encodeQuestion, decodeAnswer, metadata, options);
    this.#answers = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Answer>;
  }

  async ask(question: Question): Promise<Answer> {
    this.#stream.write(question);
    const next = await this.#answers.next();
    if (next.done === true) throw new ReflectionError(status.UNAVAILABLE, 'the server ended the conversation');
    if (next.value.error !== undefined) throw new ReflectionError(next.value.error.code, next.value.error.message);
    return next.value;
  }

  end(): void {
    this.#stream.on('error', () => undefined); // CANCELLED, by the next line.
    this.#stream.cancel();
  }
}

async function converse<T>(client: Client, options: AskOptions, work: (c: Conversation) => Promise<T>): Promise<T> {
  for (const [index, service] of SERVICES.entries()) {
    const conversation = new Conversation(client, service, options);
    try {
      return await work(conversation);
    } catch (error) {
      const isLast = index === SERVICES.length - 1;
      if (isLast || (error as ServiceError).code !== status.UNIMPLEMENTED) throw error;
    } finally {
      conversation.end();
    }
  }
  throw new ReflectionError(status.UNIMPLEMENTED, 'the server has no reflection service');
}

/** The services that a server offers, by full name. */
export function listServices(client: Client, options: AskOptions): Promise<readonly string[]> {
  return converse(client, options, async (conversation) => (await conversation.ask(LIST_SERVICES)).services);
}

/** A FileDescriptorSet of the file that has `symbol` and of all that it imports, imports first. */
export function descriptorSetOf(client: Client, symbol: string, options: AskOptions): Promise<Buffer> {
  return converse(client, options, async (conversation) => {
    const files = new Map<string, { bytes: Uint8Array; imports: readonly string[] }>();
    const add = (answer: Answer) =>
      answer.files.map((bytes) => {
        const { name, dependency } = fromBinary(FileDescriptorProtoSchema, bytes);
        files.set(name, { bytes, imports: dependency });
        return name;
      });
    const roots = add(await conversation.ask(fileOfSymbol(symbol)));
    const ordered = new Set<string>();
    const visit = async (name: string, path: ReadonlySet<string>): Promise<void> => {
      if (ordered.has(name) || path.has(name)) return;
      if (!files.has(name)) add(await conversation.ask(fileByName(name)));
      for (const imported of files.get(name)?.imports ?? []) await visit(imported, new Set([...path, name]));
      ordered.add(name);
    };
    for (const root of roots) await visit(root, new Set());
    const writer = new BinaryWriter();
    for (const name of ordered) {
      const file = files.get(name);
      if (file !== undefined) writer.uint32((1 << 3) | 2).bytes(file.bytes);
    }
    return Buffer.from(writer.finish());
  });
}
