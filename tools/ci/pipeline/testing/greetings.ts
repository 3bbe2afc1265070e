// A call of examples/polyglot's greet.v1.Greeter, which has no server reflection.
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, credentials } from '@grpc/grpc-js';

const NAME = 1;
const GREETINGS = 1;
const STRING = 2;
const DEADLINE_MS = 10_000;

/** What the services behind a front say to somebody. */
export async function greetings(address: string, name: string): Promise<readonly string[]> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/greet.v1.Greeter/Greet',
        (text: string) => Buffer.from(new BinaryWriter().tag(NAME, STRING).string(text).finish()),
        readGreetings,
        name,
        { deadline: Date.now() + DEADLINE_MS },
        (error, found) => (error === null ? resolve(found ?? []) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

function readGreetings(bytes: Buffer): readonly string[] {
  const reader = new BinaryReader(bytes);
  const found: string[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === GREETINGS) found.push(reader.string());
    else reader.skip(type);
  }
  return found;
}
