// A gRPC server with health checks, and a shutdown that lets running calls finish.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from './log.ts';

/** The health check's name for "this process is alive": a liveness probe asks for it. */
export const LIVENESS = 'liveness';

/** Options of {@link startGrpcServer}. */
export interface GrpcServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default: all interfaces, IPv6 and IPv4. */
  readonly host?: string;
  /** Full names of the services whose health follows the readiness of this process. */
  readonly serviceNames: readonly string[];
  /** Adds the services themselves. */
  readonly register: (server: Server) => void;
  readonly log: Logger;
}

/** A server that listens. It starts as NOT_SERVING. */
export interface GrpcServer {
  readonly port: number;
  /** Sets the health of the whole server (the empty name) and of its services. A draining server stays unready. */
  setReady(ready: boolean): void;
  /** Refuses new calls, waits for the running ones, at most `deadlineMs`, and then ends them. */
  drain(deadlineMs: number): Promise<void>;
}

/** Listens on `port`; fails with the system's error where it can't. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const readiness = ['', ...options.serviceNames];
  const health = new HealthImplementation({
    ...Object.fromEntries(readiness.map((name) => [name, 'NOT_SERVING' as const])),
    [LIVENESS]: 'SERVING',
  });
  const server = new Server();
  options.register(server);
  health.addToServer(server);

  const host = options.host ?? '[::]';
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
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
      server.forceShutdown();
    }, deadlineMs);
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    clearTimeout(timer);
  };
  return { port, setReady, drain };
}
