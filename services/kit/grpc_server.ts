// A gRPC server with health checks, with all that the kit does around calls, and a shutdown that lets them finish.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Server, ServerCredentials, type ServerInterceptor, type ServerOptions } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { type Deadlines, DEFAULT_DEADLINES } from './deadlines.ts';
import type { Logger } from './log.ts';
import { type CallObserver, observeCalls } from './observed_call.ts';

/** The health check's name for "this process is alive": a liveness probe asks for it. */
export const LIVENESS = 'liveness';

/** Options of {@link startGrpcServer}. */
export interface GrpcServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default: all interfaces, IPv6 and IPv4; of IPv4 alone where the system has no IPv6. */
  readonly host?: string;
  /** Full names of the services whose health follows the readiness of this process. */
  readonly serviceNames: readonly string[];
  /** Adds the services themselves. */
  readonly register: (server: Server) => void;
  readonly log: Logger;
  /** Default: no TLS. */
  readonly credentials?: ServerCredentials;
  /** What is told of calls, or refuses them: logs, metrics, limits. Default: nothing. */
  readonly observers?: readonly CallObserver[];
  /** Default: {@link DEFAULT_DEADLINES}. */
  readonly deadlines?: Deadlines;
  /** Interceptors of the service's own, between the kit's and the handlers. Default: none. */
  readonly interceptors?: readonly ServerInterceptor[];
  /** The largest message that is taken or sent, in bytes. Default: 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Calls that one connection may have at a time; its others wait in the caller. Default: 1000. */
  readonly maxConcurrentStreams?: number;
  /** After how long a connection is ended, softly, so that callers look for new servers; 0 is never. Default: 5 min. */
  readonly maxConnectionAgeMs?: number;
}

/** A server that listens. It starts as NOT_SERVING. */
export interface GrpcServer {
  readonly port: number;
  /** Whether its health is SERVING. */
  readonly isReady: boolean;
  /** Sets the health of the whole server (the empty name) and of its services. A draining server stays unready. */
  setReady(ready: boolean): void;
  /** Refuses new calls, waits for the running ones, at most `deadlineMs`, and then ends them. */
  drain(deadlineMs: number): Promise<void>;
}

const MAX_MESSAGE_BYTES = 4_194_304;
// A peer that went without a word is found by pings, and its calls are ended.
const KEEPALIVE_TIME_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

function channelOptions(options: GrpcServerOptions, interceptor: ServerInterceptor): ServerOptions {
  const { maxMessageBytes = MAX_MESSAGE_BYTES, maxConnectionAgeMs = 300_000 } = options;
  return {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_concurrent_streams': options.maxConcurrentStreams ?? 1000,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    // Its bookkeeping for each connection and call is for a tool that nobody runs here.
    'grpc.enable_channelz': 0,
    ...(maxConnectionAgeMs === 0 ? {} : { 'grpc.max_connection_age_ms': maxConnectionAgeMs }),
    interceptors: [interceptor, ...(options.interceptors ?? [])],
  };
}

// What a system says of `::` that was built without IPv6, or has it turned off.
const NO_IPV6: ReadonlySet<unknown> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/** The system's code for why nobody can listen at `host`: errors of grpc-js have words alone. Undefined: it can be. */
async function listenProblem(host: string): Promise<string | undefined> {
  const probe = createServer();
  try {
    await once(probe.listen({ port: 0, host }), 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    probe.close();
  }
}

/** Listens on `port`; fails with the system's error where it can't. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const readiness = ['', ...options.serviceNames];
  const health = new HealthImplementation({
    ...Object.fromEntries(readiness.map((name) => [name, 'NOT_SERVING' as const])),
    [LIVENESS]: 'SERVING',
  });
  const { observers = [], deadlines = DEFAULT_DEADLINES } = options;
  const observed = observeCalls({ observers, deadlines, hasIdentities: options.credentials !== undefined });
  const server = new Server(channelOptions(options, observed.interceptor));
  options.register(server);
  health.addToServer(server);

  const credentials = options.credentials ?? ServerCredentials.createInsecure();
  const bind = (at: string) =>
    new Promise<number>((resolve, reject) => {
      server.bindAsync(`${at}:${options.port}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  let host = options.host ?? '[::]';
  const port = await bind(host).catch(async (error: unknown) => {
    if (options.host !== undefined || !NO_IPV6.has(await listenProblem('::'))) throw error;
    host = '0.0.0.0';
    return bind(host);
  });

  let ready = false;
  let draining = false;
  const setReady = (value: boolean) => {
    if (draining || value === ready) return;
    ready = value;
    for (const name of readiness) health.setStatus(name, ready ? 'SERVING' : 'NOT_SERVING');
    options.log.info({ ready }, ready ? 'ready' : 'not ready');
  };
  const drain = async (deadlineMs: number) => {
    setReady(false);
    draining = true;
    const timer = setTimeout(() => {
      options.log.warn({ deadlineMs }, 'ending calls that outlast the drain');
    }, deadlineMs);
    observed.endInternalCalls();
    // It ends what is left after the deadline. forceShutdown of grpc-js 1.14 knows of no connection while channelz is
    // off, and after tryShutdown, drain takes connections for closed that still have calls: so it comes first.
    server.drain(`${host}:${port}`, deadlineMs);
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    clearTimeout(timer);
  };
  return {
    port,
    get isReady() {
      return ready;
    },
    setReady,
    drain,
  };
}
