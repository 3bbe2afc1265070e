// A connection to one Redis, which comes back by itself and fails at once while there is none.
import { lookup } from 'node:dns/promises';
import { Redis } from 'ioredis';

/** Who asks. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where a Redis listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** An open or coming connection. */
export interface Link {
  readonly endpoint: Endpoint;
  /** The address at which the server was reached, undefined while it is not. */
  address(): string | undefined;
  /** Whether the machine at its address says that nobody listens there. */
  isRefused(): boolean;
  /** The reply of a command. `timeoutMs`: default 2000. Rejects where there is no connection, too. */
  call(command: readonly (string | number)[], timeoutMs?: number): Promise<unknown>;
  /** The same of a command that answers with text. */
  text(...command: readonly (string | number)[]): Promise<string>;
  close(): void;
}

/** A Redis that does not answer in time. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

const CALL_TIMEOUT_MS = 2000;
const MAX_RETRY_MS = 1000;

/** Options of {@link openLink}. */
export interface LinkOptions {
  readonly endpoint: Endpoint;
  /**
   * Asked before each connection: passwords change. Where they are wrong, those by which it got in the last time are
   * tried in turn with them, as the server may not have read the change yet. Undefined: no user.
   */
  readonly credentials: () => Credentials | undefined;
  /** The address of a name, looked for before each connection. Default: by DNS. */
  readonly resolve?: (host: string) => Promise<string>;
  /** By which others find the connection in CLIENT LIST. Default: none. */
  readonly name?: string;
}

/** Connects, and again whenever the connection is lost. */
export function openLink({ endpoint, credentials, resolve = addressOf, name }: LinkOptions): Link {
  const where = `${endpoint.host}:${endpoint.port}`;
  let redis: Redis | undefined;
  let isClosed = false;
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;
  let problem: Error | undefined;
  /** Those by which it got in the last time. */
  let former: Credentials | undefined;
  let isFormerNext = false;

  const again = () => {
    redis = undefined;
    attempt += 1;
    if (!isClosed) timer = setTimeout(() => void connect(), Math.min(50 * 2 ** attempt, MAX_RETRY_MS));
  };
  const connect = async () => {
    // A name may stand for another address than before.
    const host = await resolve(endpoint.host).catch((error: Error) => void (problem = error));
    if (isClosed) return;
    if (host === undefined) return again();
    const present = credentials();
    const given = isFormerNext ? (former ?? present) : present;
    isFormerNext = false;
    const client = new Redis({
      host,
      port: endpoint.port,
      ...given,
      // Redis answers while it loads; what it can't do then it says.
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CALL_TIMEOUT_MS,
      disableClientInfo: true,
      ...(name === undefined ? {} : { connectionName: name }),
      retryStrategy: () => null,
    });
    redis = client;
    client.on('error', (error: Error) => {
      problem = error;
      if (replyCode(error) === 'WRONGPASS') isFormerNext = given === present;
    });
    client.on('ready', () => {
      attempt = 0;
      problem = undefined;
      former = given;
    });
    client.on('end', () => {
      if (redis === client) again();
    });
  };
  void connect();

  const call = async (command: readonly (string | number)[], timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> => {
    const client = redis;
    if (client === undefined || client.status !== 'ready') {
      throw new NoAnswerError(`Asking ${where}: no connection`, { cause: problem });
    }
    const [first = '', ...rest] = command;
    let late: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      late = setTimeout(() => {
        // A server whose machine is gone never closes; the next one at this place is found by a new connection.
        client.disconnect();
        reject(new NoAnswerError(`Asking ${where}: no answer within ${timeoutMs} ms`));
      }, timeoutMs);
    });
    const reply = client.call(String(first), ...rest).catch((error: unknown) => {
      // The command has passwords in it, and errors get into logs.
      if (replyCode(error) !== undefined) delete (error as { command?: unknown }).command;
      throw replyCode(error) === undefined ? new NoAnswerError(`Asking ${where}: no answer`, { cause: error }) : error;
    });
    reply.catch(() => undefined);
    return Promise.race([reply, timeout]).finally(() => clearTimeout(late));
  };
  return {
    endpoint,
    isRefused: () =>
      redis?.status !== 'ready' && (problem as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED',
    address: () => (redis?.status === 'ready' ? redis.stream.remoteAddress : undefined),
    call,
    text: async (...command) => String(await call(command)),
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      redis?.disconnect();
    },
  };
}

async function addressOf(host: string): Promise<string> {
  return (await lookup(host)).address;
}

/** The first word of an error reply, `MOVED`, by which Redis tells errors apart. Undefined: it is none. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error && error.name === 'ReplyError' ? error.message.split(' ', 1)[0] : undefined;
}
