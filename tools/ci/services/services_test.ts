// `bazel run //tools/ci/services`: what Bazel says of services that cannot be, in a workspace of its own.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { CONSTANTS, type ServiceSource, createWorkspace } from './workspace.ts';

const { write, writeServices, readBuilt, bazel, end } = await createWorkspace(
  process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '',
  process.env,
);
after(end);
beforeEach(() => write({ 'cluster_constants.bzl': CONSTANTS }));

/** A service that calls another, which offers a port `http`. */
const CALLER: ServiceSource = {
  attributes: 'deps = ["//services/redis"],',
  data: "address: dependency.address(deps.redis, 'http')",
};
const needs = (...services: readonly string[]): ServiceSource => ({
  attributes: `deps = [${services.map((service) => `"//services/${service}"`).join(', ')}],`,
});

test('a service is rendered with the address of what it calls, also under a new name', async () => {
  for (const kubernetesName of ['redis', 'cache']) {
    await writeServices({ redis: { kubernetesName }, web: CALLER });
    const { succeeded, output } = await bazel('build', '//services/web:dev-deep', '//services/web:test.diff');
    assert.ok(succeeded, output);
    for (const env of ['dev', 'test']) {
      const { data } = JSON.parse(await readBuilt(`services/web/manifests/${env}/configmap.json`)) as { data: unknown };
      assert.deepEqual(data, { address: `${kubernetesName}.${env}.svc:80` });
    }
  }
});

test('what needs something of the cluster is there where the environment provides it', async () => {
  await write({ 'cluster_constants.bzl': CONSTANTS.replace('"dev")', '"dev", provides = ["metrics-server"])') });
  await writeServices({
    web: {
      attributes: 'manifests = ["configmap", "service", "horizontalpodautoscaler"],',
      fields: `[if std.member(environment.provides, 'metrics-server') then 'horizontalpodautoscaler.json']: {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: metadata,
        spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: metadata.name } },
      },`,
    },
  });
  const { succeeded, output } = await bazel('build', '//services/web:dev', '//services/web:test');
  assert.ok(succeeded, output);
  assert.match(await readBuilt('services/web/dev__horizontalpodautoscaler.yaml'), /^kind: HorizontalPodAutoscaler$/m);
  await assert.rejects(readBuilt('services/web/test__horizontalpodautoscaler.yaml'), { code: 'ENOENT' });
});

interface Row {
  readonly services: Readonly<Record<string, ServiceSource>>;
  /** Default: `//services/web:dev-deep`. */
  readonly target?: string;
  readonly constants?: string;
  /** What Bazel must print. */
  readonly says: readonly string[];
}

const ROWS: Readonly<Record<string, Row>> = {
  'a circle of two': {
    services: { web: needs('redis'), redis: needs('web') },
    says: ['cycle in dependency graph', '//services/web:dev-exports', '//services/redis:dev-exports'],
  },
  'a circle of three': {
    services: { web: needs('a'), a: needs('b'), b: needs('web') },
    says: ['cycle in dependency graph', '//services/a:dev-exports', '//services/b:dev-exports'],
  },
  'a service that needs itself': {
    services: { web: needs('web') },
    says: ["//services/web: 'deps' must not name the service itself, got '//services/web'", 'Leave it out'],
  },
  'a service that is named twice': {
    services: { redis: {}, web: needs('redis', 'redis:redis') },
    says: ["//services/web: 'deps' must name each service once, got '//services/redis:redis' again"],
  },
  'two services of one name in Jsonnet': {
    services: { 'a/redis': {}, 'b/redis': {}, web: needs('a/redis', 'b/redis') },
    says: ["got 'redis' for both '//services/a/redis' and '//services/b/redis'", 'Write a dict'],
  },
  'a label that is no service of another package': {
    services: { web: { attributes: 'deps = [":redis"],' } },
    says: ["//services/web: 'deps' must be labels of services of other packages", "got ':redis'"],
  },
  'a package that is no service': {
    services: { web: { attributes: 'deps = ["//kit"],' } },
    says: ["no such target '//kit:dev-exports'", "referenced by '//services/web:dev"],
  },
  'an environment that a dependency lacks': {
    services: { redis: { attributes: 'environments = ["test"],' }, web: CALLER },
    says: [
      "//services/web: 'deps' must be in every environment of the service",
      "//services/redis is not in environment 'dev', only in test",
      "Add 'dev' to its 'environments'",
    ],
  },
  'an environment that is none': {
    services: { web: { attributes: 'environments = ["qa"],' } },
    says: ["//services/web: 'environments' must be one of dev, test, got 'qa'", 'cluster_constants.bzl'],
  },
  'two services of one name in a namespace': {
    services: { a: { kubernetesName: 'same' }, b: { kubernetesName: 'same' }, web: needs('a', 'b') },
    says: [
      'K8S_DUPLICATE_OBJECT: Reading //services/web:dev-deep: ConfigMap dev/same is both in //services/a:dev__configmap and in //services/b:dev__configmap',
      'hint: ',
    ],
  },
  'two packages of one name': {
    services: { 'a/b': {}, a_b: {}, web: { attributes: 'deps = {"//services/a/b": "one", "//services/a_b": "two"},' } },
    says: [
      "//services/web:dev-deep: stacks must have different names in one namespace, got 'a-b' in 'dev'",
      '//services/a/b:dev and //services/a_b:dev',
    ],
  },
  'a port that is gone': {
    services: { redis: { port: 'resp' }, web: CALLER },
    says: ['//services/web:dev__manifests', 'redis', 'no port named http', 'resp'],
  },
  'a name in deps that is none': {
    services: { redis: {}, web: { ...needs('redis'), data: 'address: dependency.name(deps.cache)' } },
    says: ['//services/web:dev__manifests', 'Field does not exist: cache', 'deps has redis (//services/redis)'],
  },
  'a dependency without a Service': {
    services: {
      redis: {},
      worker: { hasService: false },
      web: { ...needs('redis', 'worker'), data: 'address: dependency.name(deps.worker)' },
    },
    says: ["//services/web: deps.worker: //services/worker has no Service in 'dev'; of deps, these have one: redis"],
  },
  'manifests that are not what the source returns': {
    services: { web: { attributes: 'manifests = ["configmap"],' } },
    says: [
      'JSONNET_OUTPUTS_DIFFER',
      '//services/web:dev__manifests',
      'configmap.json, service.json',
      "'manifests' names",
    ],
  },
  'a role that is none': {
    services: { web: { attributes: 'manifests = ["config"],' } },
    says: ["//services/web: 'manifests' must be roles", "got 'config'", 'Roles are configmap, '],
  },
  'pods without an image': {
    services: { web: { attributes: 'manifests = ["deployment"],' } },
    says: ["//services/web: 'image' must be set, as 'deployment' has pods, got None"],
  },
  'further images of several pods': {
    services: {
      web: { attributes: 'manifests = ["deployment", "job"], image = "//:i", images = {"x": "//:x"},' },
    },
    says: ["//services/web: 'images' must be of one manifest with pods, got deployment, job"],
  },
  'an environment with a key too many': {
    services: { web: {} },
    constants: CONSTANTS.replace('namespace = "dev"', 'namespace = "dev", replica = 2'),
    says: ["//:cluster_constants.bzl: ENVS['dev'] must have no key 'replica', got 2. Known keys are"],
  },
  'an environment with a key too few, and one with a wrong type': {
    services: { web: {} },
    constants: CONSTANTS.replace('"cluster": "c", ', '').replace('namespace = "dev"', 'namespace = 7'),
    says: [
      "//:cluster_constants.bzl: ENVS['dev'] must have 'cluster', got only context, images, namespace, registry. Add it",
      "//:cluster_constants.bzl: ENVS['dev']['namespace'] must be a namespace",
      'got 7 (int)',
      "//:cluster_constants.bzl: ENVS['test'] must have 'cluster'",
    ],
  },
};

for (const [what, { services, target = '//services/web:dev-deep', constants = CONSTANTS, says }] of Object.entries(
  ROWS,
)) {
  test(`refuses ${what}`, async () => {
    await write({ 'cluster_constants.bzl': constants });
    await writeServices(services);
    const { succeeded, output } = await bazel('build', target);
    assert.ok(!succeeded, `it was built:\n${output}`);
    for (const text of says) assert.ok(output.includes(text), `'${text}' is not in\n${output}`);
    assert.ok(!/\bat .*\.(mjs|ts):\d+/.test(output), `there is a stack trace in\n${output}`);
  });
}
