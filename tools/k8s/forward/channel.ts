// One connection to a pod's port, through the API server: the port-forward protocol over a WebSocket.
//
// Each message begins with a byte that names its channel: 0 is the data of the port, 1 what went wrong with it. The
// first message of either channel is the number of the port. There is no half-closed state: see LINGER_MS.
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#portforward-pod-v1-core
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { pathOf } from '../kube/discovery.ts';
import type { KubeClient } from '../kube/client.ts';
import { PODS } from '../deploy/cause.ts';
import { openSocket } from './socket.ts';
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

/** Options of {@link openChannel}. */
export interface ChannelOptions {
  readonly namespace: string;
  readonly to: PodPort;
  readonly signal: AbortSignal;
}

/** Opens the way to a pod's port; paused until {@link pump} reads from it. Throws KubeStatusError and KubeConnectionError. */
export async function openChannel(client: KubeClient, options: ChannelOptions): Promise<WebSocket> {
  const { namespace, to, signal } = options;
  return openSocket(client, {
    path: `${pathOf(PODS, { namespace, name: to.pod })}/portforward?ports=${to.port}`,
    protocol: PROTOCOL,
    doing: `Forwarding to port ${to.port} of pod ${namespace}/${to.pod}`,
    signal,
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
