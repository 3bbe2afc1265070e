// Calls of services by what they say of themselves: server reflection and health checks.
import { Client, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { callMethod } from '../../proto/grpc_call.ts';

const DEADLINE_MS = 10_000;

type HealthClient = Client & {
  check(
    request: { readonly service: string },
    options: { readonly deadline: number },
    callback: (error: Error | null, response?: { readonly status: string }) => void,
  ): void;
};
const { grpc } = loadPackageDefinition({ 'grpc.health.v1.Health': service }) as unknown as {
  grpc: { health: { v1: { Health: new (target: string, creds: unknown) => HealthClient } } };
};

/** The answer of a unary method, `x.v1.X/Greet`, as JSON. */
export async function answerOf(target: string, method: string, request: unknown): Promise<unknown> {
  const answers: unknown[] = [];
  await callMethod({
    target,
    credentials: credentials.createInsecure(),
    method,
    requests: [request],
    deadlineMs: DEADLINE_MS,
    onResponse: (answer) => answers.push(answer),
  });
  return answers[0];
}

/** What a server says of the health of one of its services; the empty name is all of it. */
export async function healthOf(target: string, name: string): Promise<string> {
  const client = new grpc.health.v1.Health(target, credentials.createInsecure());
  try {
    return await new Promise<string>((resolve, reject) => {
      client.check({ service: name }, { deadline: Date.now() + DEADLINE_MS }, (error, response) =>
        error === null ? resolve(response?.status ?? '') : reject(error),
      );
    });
  } finally {
    client.close();
  }
}
