// `bazel run //prod:status`: what the monitoring of the cluster says of it. Exit code 1 where somebody should look.
import { createPrometheus, MAX_SERIES } from '../../services/dashboards/prometheus.ts';
import { runMain } from '../../tools/lib/cli.ts';
import { ToolError, errorText } from '../../tools/lib/errors.ts';
import { clusterAccess } from '../../tools/cluster/page/access.ts';
import { forwardPort } from '../../tools/k8s/forward/forward.ts';
import { createClient } from '../../tools/k8s/kube/client.ts';
import { reportOf } from './report.ts';
import { isBad, readStatus } from './status.ts';

/** Of all that is asked. */
const TIMEOUT_MS = 120_000;
const TARGET = { kind: 'service', name: 'prometheus', port: 'http' } as const;

await runMain(async ({ env, signal: interrupted }) => {
  const late = new AbortController();
  setTimeout(() => late.abort(tooLate()), TIMEOUT_MS).unref();
  const signal = AbortSignal.any([interrupted, late.signal]);
  const client = createClient(await clusterAccess('fathom', env), { signal });
  try {
    const forward = await forwardPort(client, { namespace: 'monitoring', target: TARGET, signal }).catch(
      (cause: unknown) => {
        if (!(cause instanceof ToolError) || cause.code !== 'K8S_FORWARD_TARGET') throw cause;
        throw new ToolError('STATUS_NO_PROMETHEUS', `Asking Prometheus: ${errorText(cause)}`, {
          cause,
          hint: 'Run `bazel run //prod:apply`; `bazel run //prod:prod.status` looks at the rest of the cluster.',
        });
      },
    );
    try {
      const limits = {
        url: new URL(`http://${forward.address}`),
        timeoutMs: 30_000,
        maxConcurrency: 4,
        maxAnswerBytes: 64 << 20,
      };
      const status = await readStatus(client, {
        prometheus: createPrometheus({ ...limits, maxSeries: 10_000 }),
        page: createPrometheus({ ...limits, maxSeries: MAX_SERIES }),
        signal,
      });
      process.stdout.write(reportOf(status));
      return isBad(status) ? 1 : 0;
    } finally {
      await forward.close();
    }
  } finally {
    client.close();
  }
});

function tooLate(): ToolError {
  return new ToolError('STATUS_PROMETHEUS', `Asking Prometheus: not all is answered after ${TIMEOUT_MS / 1000} s`, {
    hint: 'Run `bazel run //prod:monitoring.status`, which says whether it runs.',
  });
}
