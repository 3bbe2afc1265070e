// One HTTP request and its answer, over connections that are kept open, by the proxy of the environment.
import type { Agent, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { http, https } from '../../lib/http.ts';
import { proxyFor, viaProxy } from '../../lib/proxy.ts';
import { trustSystem } from '../../lib/system_ca.ts';

export type Method = 'HEAD' | 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Default: no body. */
  readonly body?: (() => AsyncIterable<Buffer>) | undefined;
  /** How long the answer may take once all is sent, in milliseconds. Default: as long as a connection may be silent. */
  readonly answerMs?: number | undefined;
  /** Connect to these instead of asking for the host's addresses. */
  readonly addresses?: readonly string[] | undefined;
}

export interface WireOptions {
  readonly signal: AbortSignal;
  readonly maxConnections: number;
  /** How long a connection may be silent, in milliseconds. */
  readonly idleMs: number;
  /** Where the proxies are. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Wire {
  /** Sends a request; resolves when the answer's head is there. Rejects with the system's error. */
  exchange(request: WireRequest): Promise<IncomingMessage>;
  /** The proxy that leads to a URL; undefined: none. Throws PROXY_UNSUPPORTED. */
  proxyFor(url: URL): string | undefined;
  close(): void;
}

/** Opens nothing yet. */
export function createWire({ signal, maxConnections, idleMs, env }: WireOptions): Wire {
  const agentOptions = { keepAlive: true, maxSockets: maxConnections };
  const agents = new Map<string, Agent>();
  const agentFor = (isPlain: boolean, proxy: string | undefined): Agent => {
    const key = `${isPlain ? 'http' : 'https'} ${proxy ?? ''}`;
    if (!isPlain || proxy?.startsWith('https:')) trustSystem();
    const agent = agents.get(key) ?? new (isPlain ? http : https).Agent({ ...agentOptions, ...viaProxy(proxy) });
    agents.set(key, agent);
    return agent;
  };

  const exchange = ({ method, url, headers, body, answerMs, addresses }: WireRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const isPlain = url.protocol === 'http:';
      const outgoing = (isPlain ? http : https).request(url, {
        method,
        headers,
        signal,
        agent: agentFor(isPlain, proxyFor(url, env)),
        ...(addresses === undefined ? {} : { lookup: fixedLookup(addresses) }),
      });
      outgoing.setTimeout(idleMs, () => outgoing.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })));
      let answered = false;
      const unsent = new AbortController();
      outgoing.on('response', (response) => {
        answered = true;
        // A refusal before the end of the body: what is left of it need not be sent, and the connection is spent.
        if ((response.statusCode ?? 0) >= 300) response.once('end', () => unsent.abort());
        resolve(response);
      });
      outgoing.on('error', reject);
      const sent = () => {
        if (answerMs !== undefined && !answered) outgoing.setTimeout(answerMs);
      };
      if (body === undefined) {
        outgoing.end();
        sent();
        return;
      }
      // An answer before the end of the body counts, not that the body could not be sent.
      pipeline(body(), outgoing, { signal: unsent.signal }).then(sent, (error: unknown) => {
        if (!answered) setImmediate(() => reject(error));
      });
    });

  return {
    exchange,
    proxyFor: (url) => proxyFor(url, env),
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

type LookupCallback = (error: null, address: string | { address: string; family: number }[], family?: number) => void;

/** A lookup that answers what was looked up, and checked, before. */
function fixedLookup(addresses: readonly string[]) {
  return (_host: string, options: { readonly all?: boolean | undefined }, callback: LookupCallback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
}
