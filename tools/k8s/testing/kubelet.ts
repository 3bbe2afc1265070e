// What the API server asks a node for: a kubelet of which only the logs answer, for tests of what reads them.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import type { ApiServer } from './apiserver.ts';

/** A node that the API server knows. */
export interface LogNode {
  readonly name: string;
  /** Query strings of the requests for logs, in order. */
  readonly queries: readonly string[];
  stop(): Promise<void>;
}

/** Answers a request for a container's log; a followed one is left open by not ending the response. */
export type LogHandler = (source: string, query: URLSearchParams, response: ServerResponse) => void;

/** Makes a node of the cluster; `source` of the handler is `namespace/pod/container`. */
export async function startLogNode(server: ApiServer, name: string, handler: LogHandler): Promise<LogNode> {
  const queries: string[] = [];
  const read = (file: string) => readFile(join(server.folder, 'certs', file));
  const [cert, key] = await Promise.all([read('apiserver.crt'), read('apiserver.key')]);
  const kubelet = createServer({ cert, key }, (request, response) => {
    const url = new URL(request.url ?? '', 'https://kubelet');
    queries.push(url.search);
    handler(url.pathname.replace(/^\/containerLogs\//, ''), url.searchParams, response);
  });
  await new Promise<void>((done) => kubelet.listen(0, '127.0.0.1', done));
  await makeNode(server, name, (kubelet.address() as { port: number }).port);
  return {
    name,
    queries,
    stop: async () => {
      kubelet.closeAllConnections();
      await new Promise((done) => kubelet.close(done));
    },
  };
}

/** Tells the API server of a node whose kubelet listens on a port of loopback. */
export async function makeNode(server: ApiServer, name: string, port: number): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
  await server.client.request({ method: 'POST', path: '/api/v1/nodes', body: node, doing: 'Making a node' });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await server.client.request({
    method: 'PATCH',
    path: `/api/v1/nodes/${name}/status`,
    contentType: 'application/merge-patch+json',
    body: { status },
    doing: 'Making a node',
  });
}
