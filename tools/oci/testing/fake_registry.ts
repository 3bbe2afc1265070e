// A registry in memory that behaves by the distribution specification, but for the faults that a test plants.
import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came, for tests that count. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

/** What a fault does with a request: true when it has answered (or broken the connection) itself. */
export type Fault = (request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => boolean;

export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly endpoint: string;
  readonly seen: SeenRequest[];
  /** `repository@digest` of the blobs it has. */
  readonly blobs: Map<string, Buffer>;
  /** `repository:reference` → digest. */
  readonly manifests: Map<string, string>;
  /** Asked for each request before it is served; replace it to plant a fault. */
  fault: Fault;
}

/** Starts a fake registry on a free port. It ends with its scope. */
export async function startFakeRegistry(): Promise<FakeRegistry> {
  const seen: SeenRequest[] = [];
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, string>();
  let sessions = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry');
    const entry = { method: request.method ?? '', path: `${url.pathname}${url.search}` };
    seen.push(entry);
    request.on('error', () => undefined);
    if (registry.fault(request, response, entry)) return;
    void readBody(request).then(
      (body) => serve(request.method ?? '', url, body, response),
      () => response.destroy(),
    );
  });

  const serve = (method: string, url: URL, body: Buffer, response: ServerResponse) => {
    const end = (status: number, headers: Record<string, string> = {}, text = '') =>
      response.writeHead(status, headers).end(method === 'HEAD' ? undefined : text);
    const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
    const blob = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]+)$/.exec(url.pathname);
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/(.*)$/.exec(url.pathname);
    if (manifest !== null) {
      const [, repository = '', reference = ''] = manifest;
      if (method === 'PUT') {
        const digest = digestOf(body);
        const missing = blobsOf(body).filter((wanted) => !blobs.has(`${repository}@${wanted}`));
        if (missing.length > 0) return end(400, {}, errorBody('MANIFEST_BLOB_UNKNOWN', missing.join(' ')));
        manifests.set(`${repository}:${reference}`, digest).set(`${repository}:${digest}`, digest);
        return end(201, { 'docker-content-digest': digest });
      }
      const digest = manifests.get(`${repository}:${reference}`);
      return digest === undefined ? end(404) : end(200, { 'docker-content-digest': digest });
    }
    if (blob !== null) return end(blobs.has(`${blob[1]}@${blob[2]}`) ? 200 : 404);
    if (upload !== null && method === 'POST') {
      const [, repository = ''] = upload;
      const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')];
      const mounted = mount === null ? undefined : blobs.get(`${from}@${mount}`);
      if (mounted !== undefined) {
        blobs.set(`${repository}@${mount}`, mounted);
        return end(201);
      }
      return end(202, { location: `/v2/${repository}/blobs/uploads/${++sessions}?state=x` });
    }
    if (upload !== null && method === 'PUT') {
      const digest = url.searchParams.get('digest') ?? '';
      if (digestOf(body) !== digest) return end(400, {}, errorBody('DIGEST_INVALID', 'provided digest did not match'));
      blobs.set(`${upload[1]}@${digest}`, body);
      return end(201);
    }
    return end(404);
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: FakeRegistry = {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    blobs,
    manifests,
    fault: () => false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}

/** A fault that answers the first `times` requests that match with `status`. */
export function failFirst(times: number, status: number, matches: (seen: SeenRequest) => boolean, headers = {}): Fault {
  let left = times;
  return (request, response, seen) => {
    if (!matches(seen) || left === 0) return false;
    left -= 1;
    request.resume();
    response.writeHead(status, headers).end(errorBody('UNKNOWN', 'planted'));
    return true;
  };
}

/** A fault that breaks the connection in the midst of the first `times` bodies that match. */
export function dropFirst(times: number, matches: (seen: SeenRequest) => boolean): Fault {
  let left = times;
  return (request, _response, seen) => {
    if (!matches(seen) || left === 0) return false;
    left -= 1;
    request.once('data', () => request.socket.resetAndDestroy());
    return true;
  };
}

function errorBody(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function blobsOf(manifest: Buffer): string[] {
  const { config, layers }: { config: { digest: string }; layers: { digest: string }[] } = JSON.parse(
    manifest.toString('utf8'),
  );
  return [config.digest, ...layers.map((layer) => layer.digest)];
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
