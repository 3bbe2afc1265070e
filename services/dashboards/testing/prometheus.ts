// A real Prometheus for tests, which looks every second at metrics that the test makes up.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programOf } from './programs.ts';

export interface TestPrometheus {
  readonly url: URL;
  /** Resolves once `expr` has at least `series` series; fails after half a minute. */
  until(expr: string, series?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Options of {@link startPrometheus}. */
export interface PrometheusTestOptions {
  /** What there is at `/metrics` each second, in Prometheus' text format. */
  readonly metrics: () => string;
  /** A file of rules, as JSON, which is YAML as well. Default: none. */
  readonly rules?: object;
  /** What that file is called. Default: rules.json. */
  readonly rulesFile?: string;
  /** What its targets are called. Default: test. */
  readonly job?: string;
  /** Whether it sends alerts, to where nobody takes them. Default: false. */
  readonly isSending?: boolean;
  /** Whether there is a second target, where nothing answers. Default: false. */
  readonly isOneDown?: boolean;
  /** What was before, in OpenMetrics' format with times; needs PROMTOOL. Default: nothing. */
  readonly history?: string;
}

/** The programs are those of PROMETHEUS and PROMTOOL, by runfiles or by path. */
export async function startPrometheus(options: PrometheusTestOptions): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-prometheus-'));
  const exporter = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(options.metrics());
  });
  exporter.listen(0, '127.0.0.1');
  await once(exporter, 'listening');
  const target = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
  const log = join(folder, 'log');
  let child: ChildProcess | undefined;
  const stop = async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    exporter.closeAllConnections();
    exporter.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const rulesFile = options.rulesFile ?? 'rules.json';
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      ...(options.isSending === true && {
        alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:9'] }] }] },
      }),
      rule_files: options.rules === undefined ? [] : [rulesFile],
      scrape_configs: [
        {
          job_name: options.job ?? 'test',
          honor_labels: true,
          static_configs: [
            {
              targets: [target, ...(options.isOneDown === true ? ['127.0.0.1:9'] : [])],
              labels: { instance: 'test', namespace: 'shop', service: 'web' },
            },
          ],
        },
      ],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    await writeFile(join(folder, rulesFile), JSON.stringify(options.rules ?? {}));
    const data = join(folder, 'data');
    if (options.history !== undefined) {
      await writeFile(join(folder, 'history'), options.history);
      const [code] = await once(
        run('PROMTOOL', ['tsdb', 'create-blocks-from', 'openmetrics', 'history', data], folder, log),
        'exit',
      );
      if (code !== 0) throw new Error(`promtool ended with ${code}:\n${await readFile(log, 'utf8')}`);
    }
    const port = await freePort();
    const url = new URL(`http://127.0.0.1:${port}`);
    child = run(
      'PROMETHEUS',
      ['--config.file=prometheus.yml', `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`],
      folder,
      log,
    );
    const query = async (expr: string) => {
      const address = new URL(`/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`, url);
      const response = await fetch(address, { signal: AbortSignal.timeout(5000) });
      const { data: found } = (await response.json()) as { data?: { result?: readonly unknown[] } };
      return found?.result?.length ?? 0;
    };
    const until = async (expr: string, series = 1) => {
      const deadlineMs = performance.now() + 30_000;
      while ((await query(expr).catch(() => 0)) < series) {
        if (performance.now() > deadlineMs || child?.exitCode !== null)
          throw new Error(`Prometheus has no ${expr}:\n${(await readFile(log, 'utf8')).slice(-3000)}`);
        await sleep(100);
      }
    };
    await until('up == 1');
    return { url, until, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function run(variable: 'PROMETHEUS' | 'PROMTOOL', args: readonly string[], folder: string, log: string): ChildProcess {
  const program = programOf(variable);
  return spawn('/bin/sh', ['-c', 'log=$1; shift; exec "$@" >>"$log" 2>&1', 'sh', log, program, ...args], {
    cwd: folder,
    stdio: 'ignore',
  });
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
