// The front: greets by asking services of other languages.
import { Metadata, Server, ServerCredentials, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { GreeterClient, GreeterService, type GreeterServer } from '../../proto/greet/v1/greet.ts';

/** Options of {@link startFront}. */
export interface FrontOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Where the greeters are, each as host:port. */
  readonly greeters: readonly string[];
  /** How long a greeter may take, in milliseconds. Default: 1000. */
  readonly deadlineMs?: number;
}

/** A front that answers. */
export interface Front {
  readonly port: number;
  /** Calls that run may finish. */
  stop(): Promise<void>;
}

/** Answers greet.v1.Greeter with the greetings of all greeters, in their order. */
export async function startFront({ port, greeters, deadlineMs = 1000 }: FrontOptions): Promise<Front> {
  const clients = greeters.map((address) => new GreeterClient(address, credentials.createInsecure()));
  const ask = (client: GreeterClient, name: string) =>
    new Promise<readonly string[]>((resolve, reject) => {
      client.greet({ name }, new Metadata(), { deadline: Date.now() + deadlineMs }, (error, response) =>
        error === null ? resolve(response.greetings) : reject(error),
      );
    });
  const greeter: GreeterServer = {
    greet: ({ request }, respond) => {
      Promise.all(clients.map((client) => ask(client, request.name))).then(
        (greetings) => respond(null, { greetings: greetings.flat() }),
        (error: ServiceError) =>
          // What is wrong with the request is the caller's affair, everything else is that a greeter is missing.
          respond({
            code: error.code === status.INVALID_ARGUMENT ? error.code : status.UNAVAILABLE,
            details: error.details,
          }),
      );
    },
  };
  const server = new Server();
  server.addService(GreeterService, greeter);
  // The empty name is readiness, "liveness" whether the process answers at all.
  const health = new HealthImplementation({ '': 'SERVING', liveness: 'SERVING' });
  health.addToServer(server);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), (error, number) =>
      error === null ? resolve(number) : reject(error),
    );
  });
  return {
    port: bound,
    stop: async () => {
      health.setStatus('', 'NOT_SERVING');
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      for (const client of clients) client.close();
    },
  };
}
