// `bazel run //tools/new/tests:deployed`: services of each kind, written into a copy of the checkout, pass their tests,
// are deployed to the running cluster, are on its page of dashboards, and answer. `./fathom test` starts it. Monitoring stays.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { unformatted } from '../../ci/format/checkout.ts';
import { endNested, nestedBazel } from '../../ci/nested/nested_bazel.ts';
import { copySources } from '../../ci/reproducible/builds.ts';
import { withService } from '../../k8s/testing/kubectl_forward.ts';
import { runfile } from '../../lib/runfiles.ts';
import { readClusterState } from '../../lib/state.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { personalNamespace } from '../../lib/user.ts';
import { kubernetesNameOf } from '../names.ts';
import { answerOf, healthOf } from './calls.ts';

const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const env = { ...process.env, FATHOM_USER: `new-${process.pid}` };
const namespace = personalNamespace({ env });
const folder = await mkdtemp(join(tmpdir(), 'fathom-new-'));
const checkout = join(folder, 'src');
const bazel = nestedBazel({ folder, isShared: true, workspace: checkout, env });

/** Services, each of which may call those above it; the last one has names that break every line that can be long. */
const SERVICES: readonly { readonly name: string; readonly deps: string; readonly contract: string }[] = [
  { name: 'hello', deps: '', contract: 'hello.v1.Hello' },
  { name: 'shop/server', deps: 'redis', contract: 'shop.v1.Shop' },
  { name: 'shop/front_desk', deps: 'hello', contract: 'shop.front_desk.v1.FrontDesk' },
  {
    name: 'a_folder_of_services/that_has_an_uncommonly_long_name',
    deps: 'redis,routeguide/server,shop/server',
    contract: 'a_folder_of_services.that_has_an_uncommonly_long_name.v1.ThatHasAnUncommonlyLongName',
  },
];
const ON_PAGE_WITHIN_MS = 60_000;
const LONGEST = SERVICES.at(-1)?.name ?? '';

before(() => copySources(workspace, checkout, AbortSignal.timeout(60_000)));
after(async () => {
  await endNested(folder, bazel);
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
});

async function kubeconfig(): Promise<string> {
  const state = await readClusterState('fathom');
  assert.ok(state, 'no cluster is up in FATHOM_STATE: run this test through `./fathom test`');
  return state.kubeconfig;
}

async function kubectl(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(runfile('go_kubernetes/bin/kubernetes'), ['kubectl', ...args], {
    env: { ...process.env, KUBECONFIG: await kubeconfig() },
    timeout: 60_000,
  });
  return stdout;
}

/** What the page of dashboards knows of a service, once there are both its dashboard and a deploy that has ended. */
async function seenOnPage(address: string, name: string) {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://${address}/api/${path}`, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  interface List {
    readonly dashboards: readonly { readonly namespace: string; readonly name: string; readonly problems: unknown }[];
  }
  const { dashboards } = await get<List>('dashboards');
  const found = dashboards.find((one) => one.namespace === namespace && one.name === name);
  if (found === undefined) return undefined;
  const { deploys } = await get<{ readonly deploys: readonly { readonly isUnfinished: boolean }[] }>(
    `dashboards/${namespace}/${name}/deploys`,
  );
  return deploys.some(({ isUnfinished }) => !isUnfinished) ? found : undefined;
}

test('writes services in the form of the formatters', async () => {
  const written: string[] = [];
  for (const { name, deps } of SERVICES) {
    const output = await bazel('run', '//tools/new:service', '--', `--name=${name}`, `--deps=${deps}`);
    written.push(...output.split('\n').filter((line) => /^(proto|services|prod)\/\S+$/.test(line)));
    assert.match(await readFile(join(checkout, 'services', name, 'golden/myns.yaml'), 'utf8'), /^kind: Deployment$/m);
  }
  assert.ok(written.includes('services/shop/front_desk/callees.ts'), written.join('\n'));
  const sources = written.filter((path) => /\.(ts|bzl|bazel|jsonnet|md)$/.test(path));
  assert.deepEqual(
    (await unformatted(checkout, [...new Set(sources)])).map(({ path, problem }) => `${path} ${problem}`),
    [],
  );
});

test('writes services that build, and whose tests pass', async () => {
  const packages = SERVICES.map(({ name }) => `//services/${name}/...`);
  const output = await bazel(
    'test',
    '--test_output=errors',
    ...packages,
    '//prod:services_test',
    '//prod:services-myns',
  );
  assert.match(output, /\/\/services\/shop\/server:store_test +(\(cached\) )?PASSED/);
  assert.match(output, /\/\/services\/shop\/front_desk:callees_test +(\(cached\) )?PASSED/);
});

test('refuses to write one a second time', () =>
  assert.rejects(bazel('run', '//tools/new:service', '--', '--name=hello'), /NEW_EXISTS/));

test('writes services that are on the page of dashboards within a minute of their first deploy', async () => {
  const file = await kubeconfig();
  await promisify(execFile)(runfile('fathom/prod/prod.apply'), ['--yes'], { maxBuffer: 64 << 20, timeout: 600_000 });
  for (const [top, ...callees] of [
    [LONGEST, 'shop/server'],
    ['shop/front_desk', 'hello'],
  ] as const) {
    await bazel('run', `//services/${top}:myns-deep.apply`);
    const deployedMs = performance.now();
    const afterMs = () => performance.now() - deployedMs;
    await withService(
      { kubeconfig: file, namespace: 'monitoring', service: 'dashboards', port: 8080 },
      async (address) => {
        for (const service of [top, ...callees].map(kubernetesNameOf)) {
          const see = () => seenOnPage(address, service);
          const { problems } = await eventually(`${service} is on the page`, see, ON_PAGE_WITHIN_MS - afterMs());
          assert.deepEqual(problems, [], service);
          console.log(`${service} was on the page ${(afterMs() / 1000).toFixed(1)} s after its deploy had ended`);
        }
      },
    );
  }
});

test('writes services that answer', async () => {
  const file = await kubeconfig();
  for (const { name, deps, contract } of SERVICES) {
    await withService(
      { kubeconfig: file, namespace, service: kubernetesNameOf(name), port: 50_051 },
      async (target) => {
        assert.equal(await healthOf(target, contract), 'SERVING', name);
        const isCounting = deps.includes('redis');
        for (const count of ['1', '2']) {
          const greeting = await answerOf(target, `${contract}/Greet`, { name: 'Ada' });
          assert.deepEqual(
            greeting,
            isCounting ? { greeting: 'Hello, Ada!', count } : { greeting: 'Hello, Ada!' },
            name,
          );
        }
      },
    );
  }
  const { name = '', contract = '' } = SERVICES.at(-1) ?? {};
  const callees = await withService(
    { kubeconfig: file, namespace, service: kubernetesNameOf(name), port: 50_051 },
    (target) => answerOf(target, `${contract}/ListCallees`, {}),
  );
  assert.deepEqual(callees, {
    callees: ['routeguide-server', 'shop-server'].map((callee) => ({ name: callee, reachable: true })),
  });
});
