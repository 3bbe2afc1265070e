// A registry in memory that behaves by the distribution specification, but for the faults that a test plants.
import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http';
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
  /** The bytes of uploads that are open, by number. */
  readonly uploads: Map<string, Buffer>;
  /** Whether it lists referrers itself, one on a page. */
  hasReferrers: boolean;
  /** Asked for each request before it is served; replace it to plant a fault. */
  fault: Fault;
}

/** Starts a fake registry on a free port. It ends with its scope. */
export async function startFakeRegistry(): Promise<FakeRegistry> {
  const seen: SeenRequest[] = [];
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, string>();
  const uploads = new Map<string, Buffer>();
  const documents = new Map<string, { readonly bytes: Buffer; readonly mediaType: string }>();
  let sessions = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry');
    const entry = { method: request.method ?? '', path: `${url.pathname}${url.search}` };
    seen.push(entry);
    request.on('error', () => undefined);
    if (registry.fault(request, response, entry)) return;
    const upload = /^\/v2\/.+\/blobs\/uploads\/(.+)$/.exec(url.pathname)?.[1];
    const isPatch = entry.method === 'PATCH' && upload !== undefined;
    // What comes of a chunk stays, also where the connection breaks.
    const keep = isPatch && isNext(request, uploads.get(upload)) ? upload : undefined;
    void readBody(request, (chunk) => {
      if (keep !== undefined) uploads.set(keep, Buffer.concat([uploads.get(keep) ?? Buffer.alloc(0), chunk]));
    }).then(
      (body) =>
        serve({ method: entry.method, url, body, headers: request.headers, isKept: keep !== undefined }, response),
      () => response.destroy(),
    );
  });

  const serve = ({ method, url, body, headers, isKept }: Served, response: ServerResponse) => {
    const end = (status: number, more: Record<string, string> = {}, text: string | Buffer = '') =>
      response.writeHead(status, more).end(method === 'HEAD' ? undefined : text);
    const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
    const blob = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]+)$/.exec(url.pathname);
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/(.*)$/.exec(url.pathname);
    if (manifest !== null) {
      const [, repository = '', reference = ''] = manifest;
      if (method === 'PUT') {
        const digest = digestOf(body);
        const missing = namedBy(body).filter(
          (wanted) => !blobs.has(`${repository}@${wanted}`) && !documents.has(`${repository}@${wanted}`),
        );
        if (missing.length > 0) return end(400, {}, errorBody('MANIFEST_BLOB_UNKNOWN', missing.join(' ')));
        manifests.set(`${repository}:${reference}`, digest).set(`${repository}:${digest}`, digest);
        documents.set(`${repository}@${digest}`, { bytes: body, mediaType: headers['content-type'] ?? '' });
        const subject = registry.hasReferrers ? subjectOf(body) : undefined;
        return end(201, {
          'docker-content-digest': digest,
          ...(subject === undefined ? {} : { 'oci-subject': subject }),
        });
      }
      const digest = manifests.get(`${repository}:${reference}`);
      const document = documents.get(`${repository}@${digest}`);
      if (digest === undefined || document === undefined) return end(404);
      return end(200, { 'docker-content-digest': digest, 'content-type': document.mediaType }, document.bytes);
    }
    if (blob !== null) {
      const bytes = blobs.get(`${blob[1]}@${blob[2]}`);
      if (bytes === undefined) return end(404);
      const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
      return range === null
        ? end(200, {}, bytes)
        : end(206, {}, bytes.subarray(Number(range[1]), Number(range[2]) + 1));
    }
    const referrers = /^\/v2\/(.+)\/referrers\/(sha256:[0-9a-f]+)$/.exec(url.pathname);
    if (referrers !== null && registry.hasReferrers) {
      const found = [...documents].filter(
        ([name, { bytes }]) => name.startsWith(`${referrers[1]}@`) && subjectOf(bytes) === referrers[2],
      );
      const page = Number(url.searchParams.get('page') ?? 0);
      const manifests = found.slice(page, page + 1).map(([, { bytes, mediaType }]) => ({
        mediaType,
        digest: digestOf(bytes),
        size: bytes.length,
        artifactType: (JSON.parse(bytes.toString('utf8')) as { readonly artifactType?: string }).artifactType,
      }));
      const link = page + 1 < found.length ? { link: `<${url.pathname}?page=${page + 1}>; rel="next"` } : {};
      const type = 'application/vnd.oci.image.index.v1+json';
      return end(
        200,
        { 'content-type': type, ...link },
        JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }),
      );
    }
    if (upload === null) return end(404);
    const [, repository = '', id = ''] = upload;
    const location = (session: string) =>
      `/v2/${repository}/blobs/uploads/${session}?state=${uploads.get(session)?.length ?? 0}`;
    const range = () => `0-${Math.max(0, (uploads.get(id)?.length ?? 0) - 1)}`;
    if (method === 'POST') {
      const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')];
      const mounted = mount === null ? undefined : blobs.get(`${from}@${mount}`);
      if (mounted !== undefined) {
        blobs.set(`${repository}@${mount}`, mounted);
        return end(201);
      }
      const session = String(++sessions);
      uploads.set(session, Buffer.alloc(0));
      return end(202, { location: location(session) });
    }
    const known = uploads.get(id);
    if (known === undefined) return end(404, {}, errorBody('BLOB_UPLOAD_UNKNOWN', 'no such upload'));
    if (method === 'GET') return end(204, { location: location(id), range: range() });
    if (method === 'PATCH') {
      return isKept ? end(202, { location: location(id), range: range() }) : end(416, { range: range() });
    }
    if (method === 'PUT') {
      const digest = url.searchParams.get('digest') ?? '';
      const bytes = Buffer.concat([known, body]);
      uploads.delete(id);
      if (digestOf(bytes) !== digest) return end(400, {}, errorBody('DIGEST_INVALID', 'provided digest did not match'));
      blobs.set(`${repository}@${digest}`, bytes);
      return end(201);
    }
    return end(405);
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: FakeRegistry = {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    blobs,
    manifests,
    uploads,
    hasReferrers: false,
    fault: () => false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}

interface Served {
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
  /** Whether the body's bytes went to an upload as they came. */
  readonly isKept: boolean;
}

/** Whether a chunk goes on where an upload ends. */
function isNext(request: IncomingMessage, known: Buffer | undefined): boolean {
  const start = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '')?.[1];
  return known !== undefined && (start === undefined || Number(start) === known.length);
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

/** What a manifest or index names; of a subject it is not asked. */
function namedBy(document: Buffer): string[] {
  type Named = { readonly digest: string };
  const {
    config,
    layers = [],
    manifests = [],
  } = JSON.parse(document.toString('utf8')) as {
    readonly config?: Named;
    readonly layers?: readonly Named[];
    readonly manifests?: readonly Named[];
  };
  return [...(config === undefined ? [] : [config]), ...layers, ...manifests].map(({ digest }) => digest);
}

function subjectOf(document: Buffer): string | undefined {
  const { subject } = JSON.parse(document.toString('utf8')) as { readonly subject?: { readonly digest: string } };
  return subject?.digest;
}

async function readBody(request: IncomingMessage, onChunk: (chunk: Buffer) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    onChunk(chunk);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
