// Runs a program in a container, through the API server: the exec protocol over a WebSocket.
//
// Each message begins with a byte that names its channel: 1 is what the program prints, 2 its errors, 3 how it ended, as
// a Status of the API.
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#execaction-v1-core
import type { WebSocket } from 'ws';
import { ToolError } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { PODS } from '../deploy/cause.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { KubeConnectionError } from '../kube/errors.ts';
import { asList, at, textAt } from '../model/object.ts';
import { handshakeReason, openSocket } from './socket.ts';

const PROTOCOL = 'v4.channel.k8s.io';
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;

/** How long a handshake that fails is repeated, in milliseconds. */
const OPEN_WITHIN_MS = 20_000;
/** How often the connection is shown to be in use: what is silent for long is cut off on the way. */
const PING_EVERY_MS = 20_000;
/** Of what the program says of its failure. */
const MAX_STDERR_CHARACTERS = 4000;

/** Options of {@link execInPod}. */
export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** What is being done, for errors. */
  readonly doing: string;
  /** Ends the wait. The program itself goes on: nothing but the end of its container is sure to end it. */
  readonly signal: AbortSignal;
}

/** What the program printed. Throws K8S_EXEC_FAILED where it did not end with 0, KubeStatusError, KubeConnectionError. */
export async function execInPod(client: KubeClient, options: ExecOptions): Promise<string> {
  const { namespace, pod, container, command, doing, signal } = options;
  const query = new URLSearchParams([
    ['container', container],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...command.map((word): [string, string] => ['command', word]),
  ]);
  const path = `${pathOf(PODS, { namespace, name: pod })}/exec?${query.toString()}`;
  // Nothing was run where the handshake was refused.
  const open = () => openSocket(client, { path, protocol: PROTOCOL, doing, signal });
  const socket = await retry(open, { signal, reason: handshakeReason, deadlineMs: OPEN_WITHIN_MS });
  const { stdout, stderr, status } = await readAll(socket, signal);
  if (textAt(status, 'status') === 'Success') return stdout.toString('utf8');
  if (status === undefined) {
    const { server, context } = client.access;
    const cause = Object.assign(new Error('the connection ended before the program did'), { code: 'ECONNRESET' });
    throw new KubeConnectionError(doing, { server, context, isKnown: true, cause });
  }
  const code = asList(at(status, 'details', 'causes')).find((cause) => textAt(cause, 'reason') === 'ExitCode');
  const end =
    code === undefined ? (textAt(status, 'message') ?? 'no reason given') : `exit code ${textAt(code, 'message')}`;
  const words = stderr.toString('utf8').trim().slice(-MAX_STDERR_CHARACTERS);
  throw new ToolError('K8S_EXEC_FAILED', `${doing}: ${command[0] ?? ''}: ${end}${words === '' ? '' : `: ${words}`}`, {
    hint: `Look at pod ${namespace}/${pod}: \`./fathom kubectl -n ${namespace} logs ${pod}\`.`,
  });
}

interface Output {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Undefined: the connection ended before it came. */
  readonly status: unknown;
}

function readAll(socket: WebSocket, signal: AbortSignal): Promise<Output> {
  const parts = new Map<number, Buffer[]>([STDOUT, STDERR, STATUS].map((channel) => [channel, []]));
  const bytesOf = (channel: number) => Buffer.concat(parts.get(channel) ?? []);
  return new Promise((resolve, reject) => {
    const ping = setInterval(() => socket.ping(), PING_EVERY_MS);
    const abort = () => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    socket.on('message', (message: Buffer) => parts.get(message[0] ?? 0)?.push(message.subarray(1)));
    socket.once('close', () => {
      clearInterval(ping);
      signal.removeEventListener('abort', abort);
      if (signal.aborted) return reject(signal.reason);
      resolve({ stdout: bytesOf(STDOUT), stderr: bytesOf(STDERR), status: parseStatus(bytesOf(STATUS)) });
    });
    if (signal.aborted) abort();
    socket.resume();
  });
}

function parseStatus(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
