// A real Alertmanager for tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { eventually } from '../../../tools/lib/testing/eventually.ts';
import { freePort } from '../../../tools/oci/testing/real_registry.ts';

/** A server that answers, until it is disposed of. */
export interface TestAlertmanager extends AsyncDisposable {
  /** The text at a path, after a GET; with `body`, after a POST of it as JSON. Throws where it is refused. */
  call(path: string, body?: unknown): Promise<string>;
}

/** config: what its file holds. */
export async function startAlertmanager(config: object): Promise<TestAlertmanager> {
  const folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'alertmanager-'));
  const file = join(folder, 'alertmanager.yml');
  // JSON is YAML as well.
  await writeFile(file, JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${file}`, `--storage.path=${join(folder, 'data')}`, '--cluster.listen-address='];
  const program = runfile('go_alertmanager/bin/alertmanager');
  const child = spawn(program, [...flags, `--web.listen-address=${address}`], { stdio: 'ignore' });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const call = async (path: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`http://${address}${path}`, { ...post, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text;
  };
  try {
    await eventually('Alertmanager is ready', () => call('/-/ready'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { call, [Symbol.asyncDispose]: stop };
}
