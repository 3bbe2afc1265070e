// The programs that are compared, on the same objects and the same API server.
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '../../tools/k8s/model/object.ts';
import type { ApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { configMap } from '../../tools/k8s/testing/objects.ts';
import { withEngine } from '../../tools/k8s/testing/process.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { type Outcome, type Verb, runVerb } from './run_verb.ts';

/** A program that applies and compares. */
export interface Contender {
  readonly name: string;
  /**
   * Runs a verb on objects of a namespace of its own, and resolves to what it took; rejects where it fails. The files that
   * it reads are written before the clock runs, as a build or a person has written them.
   */
  run(verb: Verb, objects: readonly KubeObject[]): Promise<Outcome>;
}

/** `count` ConfigMaps of about 500 bytes; the first of them has the value `change`. */
export function configMaps(count: number, namespace: string, change = 'first'): KubeObject[] {
  return Array.from({ length: count }, (_, index) =>
    configMap(`o${index}`, namespace, { text: 'x'.repeat(380), value: index === 0 ? change : 'first' }),
  );
}

/** As many connections as the engine has for its work. */
export const CONNECTIONS = 16;

/** Fathom's engine, as `bazel run` starts it. */
export function fathom(server: ApiServer): Contender {
  return {
    name: 'fathom',
    run: (verb, objects) => {
      const stack = {
        sets: [{ stack: 'bench', namespace: objects[0]?.metadata.namespace ?? '', objects }],
        // As the launcher of a verb has it.
        env: { NODE_COMPILE_CACHE: join(server.folder, 'compiled') },
      };
      return withEngine(server, stack, verb, (start) => runVerb({ verb, ...start }));
    },
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
    run: async (verb, objects) => {
      const file = `${program}.json`;
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      const where = ['--kubeconfig', server.kubeconfig, '--context', server.context, '-f', file];
      // Without this flag it compares one after the other.
      const all = verb === 'diff' ? [verb, `--concurrency=${CONNECTIONS}`] : [verb];
      return runVerb({ verb, program, args: [...all, ...flags, ...where], env });
    },
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
    run: async (verb, objects) => {
      const documents = objects.map((object) => JSON.stringify(object)).join('\n---\n');
      await writeFile(join(chart, 'templates/all.yaml'), documents);
      const where = ['--kubeconfig', server.kubeconfig, '--kube-context', server.context];
      const release = ['upgrade', '--install', 'bench', chart, '--namespace', objects[0]?.metadata.namespace ?? ''];
      return runVerb({ verb, program, args: [...release, ...where], env });
    },
  };
}

async function versionOf(program: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['version', '--template', '{{.Version}}'], { env });
  return stdout.trim().replace(/^v/, '');
}
