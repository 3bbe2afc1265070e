// The few things that bring-up asks the API server before any client library is worth loading.
import { request } from 'node:https';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';

/** Options of {@link waitForApi}. */
export interface WaitForApiOptions {
  readonly url: string;
  readonly certificates: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What to say when it does not come: where its log is. */
  readonly logs: string;
}

/** Resolves when `<url>/readyz` answers 200. Throws CLUSTER_API_LATE. */
export async function waitForApi(options: WaitForApiOptions): Promise<void> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(join(options.certificates, file))),
  );
  const ready = () =>
    new Promise<boolean>((resolve) => {
      const asked = request(`${options.url}/readyz`, { ca, cert, key, timeout: 2000, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      asked.on('error', () => resolve(false));
      asked.on('timeout', () => asked.destroy());
      asked.end();
    });
  const deadlineMs = Date.now() + options.timeoutMs;
  while (!(await ready())) {
    options.signal.throwIfAborted();
    if (Date.now() > deadlineMs) {
      throw new ToolError(
        'CLUSTER_API_LATE',
        `Waiting for the API server at ${options.url}: not ready after ${options.timeoutMs / 1000} s`,
        {
          hint: `Read ${options.logs}/kube-apiserver.log and ${options.logs}/init.log, then run \`./fathom down\` and \`./fathom up\`.`,
        },
      );
    }
    await delay(50);
  }
}
