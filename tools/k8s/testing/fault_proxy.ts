// A proxy before the API server that does to its answers what networks and busy servers do.
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, type Server, createServer, request as forward } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ApiServer } from './apiserver.ts';

/**
 * What may happen to a request. `lost`: it is carried out, and the connection breaks before the answer. `storage`: the
 * server passes on what its store says, without a reason of its own.
 */
export const FAULTS = [
  'reset',
  'lost',
  'busy',
  'unavailable',
  'internal',
  'storage',
  'slow',
  'truncated',
  'cut',
] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * What happens to some requests only. `stale`: the object has been changed since, says the server. `refused`: its kind does
 * not allow it. `silent`: there is never an answer.
 */
export type ChangeFault = 'stale' | 'refused' | 'silent';

/** A running proxy. */
export interface FaultProxy {
  /** A server to be used as one: its kubeconfig leads through the proxy. */
  readonly server: Pick<ApiServer, 'kubeconfig' | 'context'>;
  /** How often each fault has happened. */
  readonly counts: ReadonlyMap<Fault | ChangeFault, number>;
  stop(): Promise<void>;
}

/** Which fault a request gets; undefined for none. */
export type Chooser = (request: { readonly method: string; readonly path: string }) => Fault | ChangeFault | undefined;

const SLOW_MS = 150;

/** Starts a proxy; `choose` is asked for every request. */
export async function startFaultProxy(target: ApiServer, choose: Chooser): Promise<FaultProxy> {
  const config = await readFile(target.kubeconfig, 'utf8');
  const [, port] = /https:\/\/127\.0\.0\.1:(\d+)/.exec(config) ?? [];
  const read = (file: string) => readFile(join(target.folder, 'certs', file));
  const [cert, key] = await Promise.all([read('apiserver.crt'), read('apiserver.key')]);
  const agent = new Agent({ keepAlive: true, ca: cert });
  const counts = new Map<Fault | ChangeFault, number>();
  const proxy = createServer({ cert, key }, (request, response) => {
    const fault = choose({ method: request.method ?? '', path: request.url ?? '' });
    if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
    void serve(request, response, { fault, port: Number(port), agent });
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const own = (proxy.address() as { port: number }).port;
  const kubeconfig = join(target.folder, `kubeconfig-${own}`);
  await writeFile(kubeconfig, config.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${own}`));
  return { server: { kubeconfig, context: target.context }, counts, stop: () => stop(proxy, agent) };
}

async function stop(proxy: Server, agent: Agent): Promise<void> {
  proxy.closeAllConnections();
  agent.destroy();
  await new Promise((done) => proxy.close(done));
}

interface ServeOptions {
  readonly fault: Fault | ChangeFault | undefined;
  readonly port: number;
  readonly agent: Agent;
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ServeOptions): Promise<void> {
  const { fault } = options;
  const body = await readBody(request);
  if (fault === 'silent') return;
  if (fault === 'reset') return void request.socket.destroy();
  if (fault === 'busy') return refuse(response, 429, { 'retry-after': '1' });
  if (fault === 'unavailable') return refuse(response, 503, {});
  if (fault === 'internal') return refuseAs(response, 500, 'InternalError', 'etcdserver: timed out');
  if (fault === 'storage') return refuseAs(response, 500, '', 'etcdserver: leader changed');
  if (fault === 'stale') return refuseAs(response, 409, 'Conflict', 'the object has been modified');
  if (fault === 'refused') return refuseAs(response, 400, 'BadRequest', 'unknown field "spec.size"');
  if (fault === 'slow') await new Promise((done) => setTimeout(done, SLOW_MS));
  const answer = await exchange(request, body, options).catch(() => undefined);
  if (answer === undefined || fault === 'lost') return void request.socket.destroy();
  const { message, text } = answer;
  const half = text.subarray(0, Math.floor(text.length / 2));
  const { 'transfer-encoding': _encoding, ...headers } = message.headers;
  // Cut by whoever counts wrong: the length is that of what is there.
  const sent = fault === 'cut' ? half : text;
  response.writeHead(message.statusCode ?? 500, { ...headers, 'content-length': sent.length });
  if (fault !== 'truncated') return void response.end(sent);
  response.write(half, () => request.socket.destroy());
}

function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, text = ''): void {
  response.writeHead(status, headers);
  response.end(text);
}

function refuseAs(response: ServerResponse, code: number, reason: string, message: string): void {
  const status = { kind: 'Status', apiVersion: 'v1', code, reason, message };
  refuse(response, code, { 'content-type': 'application/json' }, JSON.stringify(status));
}

async function readBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function exchange(request: IncomingMessage, body: Buffer, { port, agent }: ServeOptions) {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = forward(
      {
        ...{ host: '127.0.0.1', port, agent, method: request.method, path: request.url },
        headers: { ...request.headers, host: `127.0.0.1:${port}` },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return { message, text: await readBody(message) };
}
