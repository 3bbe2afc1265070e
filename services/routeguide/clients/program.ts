// A client as a process of its own: its lines as they come, its health, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type ClientUnaryCall, credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { runfile } from '../../../tools/lib/runfiles.ts';

/** One line of a log. */
export type Line = Readonly<Record<string, unknown>>;

/** A program that runs. */
export interface RunningClient extends AsyncDisposable {
  /** What it has said so far. */
  readonly lines: readonly Line[];
  /** The first line, of those that it has said and will say, that `wanted` takes; rejects when it ends before. */
  line(what: string, wanted: (line: Line) => boolean): Promise<Line>;
  /** Its answer to a readiness or liveness probe. */
  health(name: string): Promise<string>;
  /** Ends it as Kubernetes does; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const HealthClient = makeGenericClientConstructor(healthService, 'Health');

/** Starts the client of a folder below services/routeguide. */
export async function startClient(folder: string, env: Readonly<Record<string, string>>): Promise<RunningClient> {
  const port = String(await freePort());
  const ports = { PORT: port, HEALTH_PORT: port, METRICS_PORT: '0' };
  const child = spawn(runfile(`fathom/services/routeguide/${folder}/main`), [], {
    env: { ...process.env, LOG_LEVEL: 'info', ...ports, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = exitOf(child);
  const lines: Line[] = [];
  let wake = () => undefined as void;
  let isOver = false;
  createInterface({ input: child.stdout }).on('line', (text) => {
    // What is no JSON is kept as it is: the test says that there is none.
    lines.push(text.startsWith('{') ? (JSON.parse(text) as Line) : { text });
    wake();
  });
  void ended.then(() => {
    isOver = true;
    wake();
  });
  return {
    lines,
    ended,
    line: async (what, wanted) => {
      for (let seen = 0; ;) {
        for (; seen < lines.length; seen++) {
          const line = lines[seen];
          if (line !== undefined && wanted(line)) return line;
        }
        if (isOver) throw new Error(`${folder} ended before ${what}:\n${JSON.stringify(lines, undefined, 1)}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    health: (name) => askHealth(`127.0.0.1:${port}`, name),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}

async function askHealth(address: string, service: string): Promise<string> {
  const client = new HealthClient(address, credentials.createInsecure());
  const check = client['check']?.bind(client) as unknown as (
    request: { readonly service: string },
    options: { readonly deadline: number },
    callback: (error: ServiceError | null, response?: { readonly status: string | number }) => void,
  ) => ClientUnaryCall;
  try {
    return await new Promise((resolve, reject) => {
      check({ service }, { deadline: Date.now() + 20_000 }, (error, response) =>
        error === null ? resolve(String(response?.status)) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}
