// `bazel run //stacks:shop.resolve` and the pushes, against a registry that is started for this.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { runfile } from '../external/fathom/tools/lib/runfiles.ts';
import { writeClusterState } from '../external/fathom/tools/lib/state.ts';
import { type RealRegistry, startRealRegistry } from '../external/fathom/tools/oci/testing/real_registry.ts';

const REFERENCE = 'registry.example.com';
const DIGEST = 'sha256:[0-9a-f]{64}';
let folder = '';
let registry: RealRegistry;
let env: NodeJS.ProcessEnv;

const program = (variable: string) => runfile(`shop/${process.env[variable] ?? ''}`);

/** What a target of `bazel run` prints. */
async function run(variable: string, ...args: readonly string[]): Promise<string> {
  // A launcher finds its files by itself; those of this test are others.
  const own = { ...env, RUNFILES_DIR: undefined, FATHOM_RUNTIME_MANIFESTS: undefined };
  return (await promisify(execFile)(program(variable), args, { env: own, timeout: 60_000 })).stdout;
}

/** The status of a manifest in the registry. */
async function status(repository: string, reference: string): Promise<number> {
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const url = `http://${registry.endpoint}/v2/${repository}/manifests/${reference}`;
  return (await fetch(url, { method: 'HEAD', headers: { accept } })).status;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'from-rules-k8s-'));
  registry = await startRealRegistry(
    runfile((process.env['REGISTRY'] ?? '').replace(/^(\.\.|external)\//, '')),
    folder,
  );
  env = { ...process.env, FATHOM_STATE: join(folder, 'state') };
  for (const name of ['shop', 'fathom']) {
    await writeClusterState(
      {
        version: 1,
        name,
        provider: 'existing',
        kubeconfig: join(folder, 'none'),
        registry: { reference: REFERENCE, endpoint: registry.endpoint, plainHttp: true },
      },
      env,
    );
  }
});

after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('.resolve pushes the images and prints all manifests with digests, stamps and what the resolver made', async () => {
  const yaml = await run('RESOLVE');
  const builder = /dev\/([^/\s]+)\/registry\.example\.com/.exec(yaml)?.[1] ?? assert.fail(yaml);
  assert.match(builder, /^[^{}]+$/);
  const chrooted = `dev/${builder}/registry.example.com/shop/server`;

  const server = new RegExp(`image: ${REFERENCE}/${chrooted}@(${DIGEST})$`, 'm').exec(yaml)?.[1] ?? assert.fail(yaml);
  assert.equal(await status(chrooted, server), 200);

  const report = [...yaml.matchAll(new RegExp(`(image|value): ${REFERENCE}/batch/report@(${DIGEST})$`, 'gm'))];
  assert.deepEqual(report.map(([, field]) => field).sort(), ['image', 'value']);
  assert.equal(new Set(report.map(([, , digest]) => digest)).size, 1);
  assert.equal(await status('batch/report', report[0]?.[2] ?? ''), 200);

  assert.match(yaml, new RegExp(`example.com/owner: ${builder}$`, 'm'));
  assert.match(yaml, /zone: west$/m);
  assert.match(yaml, /region: north$/m);
  assert.match(yaml, /opened: today$/m);
  assert.match(yaml, /mode: fastbuild$/m);
  assert.match(yaml, new RegExp(`builder: ${builder}$`, 'm'));
  const kinds = [...yaml.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind ?? '').sort();
  assert.deepEqual(kinds, ['ConfigMap', 'ConfigMap', 'CronJob', 'Deployment', 'Service'], 'each object once');
  assert.doesNotMatch(yaml, /:(dev|weekly)$/m);
});

test('container_push fills in its tag, and takes it from a file', async () => {
  const server = await run('PUSH_SERVER');
  assert.match(server, new RegExp(`^${REFERENCE}/shop/server@${DIGEST}\n$`));
  const tags = await fetch(`http://${registry.endpoint}/v2/shop/server/tags/list`);
  const {
    tags: [tag = ''],
  } = (await tags.json()) as { tags: string[] };
  assert.match(tag, /^[^{}]+$/);

  await run('PUSH_REPORT');
  assert.equal(await status('batch/report', 'v1'), 200);
  await run('PUSH_REPORT', '--tag', 'v2');
  assert.equal(await status('batch/report', 'v2'), 200);
});

test('Jsonnet gets arguments as code, and text of files', async () => {
  const manifest = JSON.parse(await readFile(runfile('shop/deploy/deployment.json'), 'utf8')) as {
    spec: { replicas: number; template: { metadata: { annotations: { motto: string } } } };
  };
  assert.equal(manifest.spec.replicas, 2);
  assert.equal(manifest.spec.template.metadata.annotations.motto, 'We greet everybody.\n');
});
