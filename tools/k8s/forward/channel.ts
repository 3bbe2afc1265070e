// One connection to a pod's port, through the API server: the port-forward protocol over a WebSocket.
//
// Each message begins with a byte that names its channel: 0 is the data of the port, 1 what went wrong with it. The
// first message of either channel is the number of the port. There is no half-closed state: see LINGER_MS.
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#portforward-pod-v1-core
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { pathOf } from '../kube/discovery.ts';
import type { KubeClient } from '../kube/client.ts';
import { authorize } from '../kube/credentials.ts';
import { KubeConnectionError, KubeStatusError } from '../kube/errors.ts';
import { PODS } from '../deploy/cause.ts';
import type { PodPort } from './target.ts';

const PROTOCOL = 'v4.channel.k8s.io';
const DATA = 0;
const ERROR = 1;

/** How much may be on its way to the cluster before the caller's side is read no further. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** How long an answer is waited for once the caller has ended its side: the protocol cannot pass an end on. */
const LINGER_MS = 1000;
/** After how long a caller that takes nothing of what is left is given up. */
const STALLED_MS = 30_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Answers to a refused handshake are short. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Options of {@link openChannel}. */
export interface ChannelOptions {
  readonly namespace: string;
  readonly to: PodPort;
  readonly signal: AbortSignal;
}

/** Opens the way to a pod's port; paused until {@link pump} reads from it. Throws KubeStatusError and KubeConnectionError. */
export async function openChannel(client: KubeClient, options: ChannelOptions): Promise<WebSocket> {
  const { namespace, to, signal } = options;
  const { access } = client;
  const { header, cert, key } = await authorize(access, signal);
  const doing = `Forwarding to port ${to.port} of pod ${namespace}/${to.pod}`;
  const path = `${pathOf(PODS, { namespace, name: to.pod })}/portforward?ports=${to.port}`;
  const url = `${access.server.replace(/^http/, 'ws').replace(/\/$/, '')}${path}`;
  const socket = new WebSocket(url, [PROTOCOL], {
    ...access.tls,
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    headers: header === undefined ? {} : { authorization: header },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
  });
  const where = { server: access.server, context: access.context, isKnown: true };
  return new Promise((resolve, reject) => {
    const abort = () => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => signal.removeEventListener('abort', abort);
    socket.once('open', () => {
      settled();
      // Messages may have come with the answer: they wait for whoever listens.
      socket.pause();
      // From here on errors end the connection: nobody waits for this promise any more.
      socket.on('error', () => socket.terminate());
      resolve(socket);
    });
    socket.once('error', (cause) => {
      settled();
      reject(signal.aborted ? signal.reason : new KubeConnectionError(doing, { ...where, cause }));
    });
    socket.once('unexpected-response', (request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        if (chunks.reduce((sum, { length }) => sum + length, 0) < MAX_ERROR_BYTES) chunks.push(chunk);
      });
      response.once('close', () => {
        settled();
        request.destroy();
        const body = Buffer.concat(chunks).toString('utf8');
        reject(new KubeStatusError(doing, { status: response.statusCode ?? 0, body }));
      });
    });
  });
}

/** What {@link pump} says about the connection. */
export interface PumpListener {
  /** What the node said went wrong, such as that nothing listens on the port. */
  readonly onRefused: (reason: string) => void;
}

/** Carries bytes both ways until one side ends, no faster than the slower one takes them. */
export function pump(local: Socket, remote: WebSocket, { onRefused }: PumpListener): void {
  const heads = new Set<number>();
  let linger: NodeJS.Timeout | undefined;
  const lingerOn = () => {
    clearTimeout(linger);
    linger = setTimeout(() => remote.close(), LINGER_MS);
  };
  local.on('data', (chunk: Buffer) => {
    remote.send(Buffer.concat([Buffer.of(DATA), chunk]), () => {
      if (remote.bufferedAmount < MAX_BUFFERED_BYTES) local.resume();
    });
    if (remote.bufferedAmount >= MAX_BUFFERED_BYTES) local.pause();
  });
  local.on('end', lingerOn);
  local.on('error', () => remote.terminate());
  local.on('close', () => {
    clearTimeout(linger);
    remote.close();
  });
  local.on('drain', () => remote.resume());
  remote.on('message', (message: Buffer) => {
    const [channel = DATA] = message;
    if (!heads.has(channel)) return void heads.add(channel);
    if (channel === ERROR) {
      onRefused(message.subarray(1).toString('utf8'));
      local.destroy();
      remote.close();
    } else if (message.length > 1) {
      if (linger !== undefined) lingerOn();
      if (!local.write(message.subarray(1))) remote.pause();
    }
  });
  const over = () => {
    clearTimeout(linger);
    // What has come is still handed over, as long as the caller takes any of it.
    local.setTimeout(STALLED_MS, () => local.destroy());
    local.end();
  };
  remote.on('close', over);
  if (remote.readyState === WebSocket.CLOSED) over();
  else remote.resume();
}
