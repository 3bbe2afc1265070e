// bazel run //tools/proto:grpc_call -- HOST:PORT package.Service/Method '{"field": 1}'
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';
import { userPath } from '../lib/runfiles.ts';
import { callMethod, listMethods } from './grpc_call.ts';

const USAGE = `usage: grpc_call [OPTION]... HOST:PORT [SERVICE[/METHOD [JSON]...]]

Calls METHOD with each JSON as a message (several for a stream of them; "-" reads them from stdin, one a line), and
prints each answer as a line of JSON. Without METHOD it lists the methods. The server is asked by reflection what its
messages are, unless there is a descriptor set.

  --descriptor-set=FILE    a FileDescriptorSet with imports
  --metadata=KEY:VALUE     a header; may be repeated
  --deadline=SECONDS       default 10
  --tls                    encrypt, and check the server's certificate
  --ca=FILE                the authority of that certificate; default: the system's
`;

const OPTIONS = {
  'descriptor-set': { type: 'string' },
  metadata: { type: 'string', multiple: true },
  deadline: { type: 'string', default: '10' },
  tls: { type: 'boolean', default: false },
  ca: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function usageError(message: string): ToolError {
  return new ToolError('GRPC_USAGE', `Reading arguments: ${message}`, { hint: 'See grpc_call --help.' });
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

function parseJson(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw usageError(`message ${index + 1} is no JSON: ${(error as Error).message}`);
  }
}

async function readFileOf(option: string, path: string): Promise<Buffer> {
  return readFile(userPath(path)).catch((error: unknown) => {
    throw new ToolError('GRPC_FILE_UNREADABLE', `Reading --${option}: ${(error as Error).message}`, {
      hint: 'Name a file that exists; paths start where you are.',
    });
  });
}

async function requestsOf(words: readonly string[]): Promise<unknown[]> {
  const lines = words.length === 1 && words[0] === '-' ? (await text(process.stdin)).split('\n') : words;
  return lines.filter((line) => line.trim() !== '').map(parseJson);
}

await runMain(async ({ argv, signal }) => {
  const { values, positionals } = parse(argv);
  const [target, method = '', ...words] = positionals;
  if (values.help) return void process.stdout.write(USAGE);
  if (target === undefined) throw usageError('HOST:PORT is missing');
  if (!/^[^/\s]+:\d+$/.test(target)) throw usageError(`expected HOST:PORT, got ${target}`);
  const seconds = Number(values.deadline);
  if (!(seconds > 0)) throw usageError(`--deadline must be a number of seconds, got ${values.deadline}`);
  const metadata = (values.metadata ?? []).map((entry): [string, string] => {
    const at = entry.indexOf(':');
    if (at <= 0) throw usageError(`--metadata must be KEY:VALUE, got ${entry}`);
    return [entry.slice(0, at), entry.slice(at + 1).trim()];
  });
  const ca = values.ca === undefined ? undefined : await readFileOf('ca', values.ca);
  const set = values['descriptor-set'];
  const options = {
    target,
    method,
    metadata,
    signal,
    credentials: values.tls || ca !== undefined ? credentials.createSsl(ca) : credentials.createInsecure(),
    descriptorSet: set === undefined ? undefined : await readFileOf('descriptor-set', set),
    deadlineMs: seconds * 1000,
  };
  const print = (line: string) => process.stdout.write(`${line}\n`);
  if (!method.includes('/')) (await listMethods(options)).forEach(print);
  else {
    const requests = await requestsOf(words);
    await callMethod({ ...options, requests, onResponse: (response) => print(JSON.stringify(response)) });
  }
});
