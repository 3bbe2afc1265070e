// The programs that are compared, on the same objects and the same API server.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '../../tools/k8s/model/object.ts';
import type { ApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { configMap } from '../../tools/k8s/testing/objects.ts';
import { runEngine } from '../../tools/k8s/testing/process.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { type Sample, measure } from '../lib/measure.ts';

export type Verb = 'apply' | 'diff';

/** A program that applies and compares. */
export interface Contender {
  readonly name: string;
  /** Runs a verb on objects of a namespace of its own, and resolves to what it took; rejects where it fails. */
  run(verb: Verb, objects: readonly KubeObject[]): Promise<Sample>;
}

/** `count` ConfigMaps of about 500 bytes; the first of them has the value `change`. */
export function configMaps(count: number, namespace: string, change = 'first'): KubeObject[] {
  return Array.from({ length: count }, (_, index) =>
    configMap(`o${index}`, namespace, { text: 'x'.repeat(380), value: index === 0 ? change : 'first' }),
  );
}

const ENDS_WITHIN_MS = 900_000;
/** As many connections as the engine has for its work. */
export const CONNECTIONS = 16;

/** Fathom's engine, as `bazel run` starts it. */
export function fathom(server: ApiServer): Contender {
  return {
    name: 'fathom',
    run: (verb, objects) =>
      measure(async (onStart) => {
        const namespace = objects[0]?.metadata.namespace ?? '';
        // As the launcher of a verb has it.
        const env = { NODE_COMPILE_CACHE: join(server.folder, 'compiled') };
        const stack = { sets: [{ stack: 'bench', namespace, objects }], env };
        const outcome = await runEngine(server, stack, { verb, onStart, endsWithinMs: ENDS_WITHIN_MS });
        // A diff exits 1 when something differs.
        if (outcome.code !== 0 && !(verb === 'diff' && outcome.code === 1)) throw new Error(outcome.stderr);
      }),
  };
}

/** kubectl of the same Kubernetes as the server. */
export async function kubectl(server: ApiServer, isServerSide: boolean): Promise<Contender> {
  const program = join(server.folder, isServerSide ? 'server-side/kubectl' : 'client-side/kubectl');
  await mkdir(join(program, '..'), { recursive: true });
  await symlink(peerPath('KUBERNETES'), program);
  const flags = isServerSide ? ['--server-side'] : [];
  // Its caches stay here, and it reads no settings of the user's; its `diff` runs the machine's.
  const env = { PATH: process.env['PATH'] ?? '', HOME: server.folder };
  return {
    name: isServerSide ? 'kubectl --server-side' : 'kubectl',
    run: (verb, objects) =>
      measure(async (onStart) => {
        const file = `${program}.json`;
        await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
        const where = ['--kubeconfig', server.kubeconfig, '--context', server.context, '-f', file];
        // A diff exits 1 when something differs. Without this flag it compares one after the other.
        const all = verb === 'diff' ? [verb, `--concurrency=${CONNECTIONS}`] : [verb];
        const good = verb === 'diff' ? [0, 1] : [0];
        await runToEnd(program, [...all, ...flags, ...where], { onStart, good, env });
      }),
  };
}

/** helm: the same objects as the one template of a chart, and a release in each namespace. */
export async function helm(server: ApiServer): Promise<Contender> {
  const program = peerPath('HELM');
  const chart = join(server.folder, 'chart');
  await mkdir(join(chart, 'templates'), { recursive: true });
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 1.0.0\n');
  const env = { HOME: server.folder };
  return {
    name: `helm ${await versionOf(program, env)} upgrade`,
    run: (_verb, objects) =>
      measure(async (onStart) => {
        const documents = objects.map((object) => JSON.stringify(object)).join('\n---\n');
        await writeFile(join(chart, 'templates/all.yaml'), documents);
        const where = ['--kubeconfig', server.kubeconfig, '--kube-context', server.context];
        const release = ['upgrade', '--install', 'bench', chart, '--namespace', objects[0]?.metadata.namespace ?? ''];
        await runToEnd(program, [...release, ...where], { onStart, good: [0], env });
      }),
  };
}

async function versionOf(program: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['version', '--template', '{{.Version}}'], { env });
  return stdout.trim().replace(/^v/, '');
}

interface RunOptions {
  readonly onStart: (child: ChildProcess) => void;
  /** Exit codes of a success. */
  readonly good: readonly number[];
  readonly env: Readonly<Record<string, string>>;
}

async function runToEnd(program: string, args: readonly string[], { onStart, good, env }: RunOptions): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ENDS_WITHIN_MS,
    env,
  });
  onStart(child);
  // What it tells is read, as what the engine tells is.
  child.stdout.resume();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === null || !good.includes(code)) throw new Error(stderr);
}
