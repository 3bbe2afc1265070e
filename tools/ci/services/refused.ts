// Services that cannot be.
import { CONSTANTS, type ServiceSource } from './workspace.ts';

/** A service that calls another, which offers a port `http`. */
export const CALLER: ServiceSource = {
  attributes: 'deps = ["//services/redis"],',
  data: "address: dependency.address(deps.redis, 'http')",
};
const needs = (...services: readonly string[]): ServiceSource => ({
  attributes: `deps = [${services.map((service) => `"//services/${service}"`).join(', ')}],`,
});

/** A row of the table. */
export interface Row {
  readonly services: Readonly<Record<string, ServiceSource>>;
  /** Default: `//services/web:dev-deep`. */
  readonly target?: string;
  readonly constants?: string;
  /** What Bazel must print. */
  readonly says: readonly string[];
}

/** What is wrong, as docs/services.md says it → services for which Bazel must say so. */
export const REFUSED: Readonly<Record<string, Row>> = {
  '`deps` of two services go round in a circle': {
    services: { web: needs('redis'), redis: needs('web') },
    says: ['cycle in dependency graph', '//services/web:dev-exports', '//services/redis:dev-exports'],
  },
  '`deps` of three services go round in a circle': {
    services: { web: needs('a'), a: needs('b'), b: needs('web') },
    says: ['cycle in dependency graph', '//services/a:dev-exports', '//services/b:dev-exports'],
  },
  '`deps` names the service itself': {
    services: { web: needs('web') },
    says: ["//services/web: 'deps' must not name the service itself, got '//services/web'", 'Leave it out'],
  },
  '`deps` names a service twice': {
    services: { redis: {}, web: needs('redis', 'redis:redis') },
    says: ["//services/web: 'deps' must name each service once, got '//services/redis:redis' again"],
  },
  '`deps` names two services that Jsonnet would know by one name': {
    services: { 'a/redis': {}, 'b/redis': {}, web: needs('a/redis', 'b/redis') },
    says: ["got 'redis' for both '//services/a/redis' and '//services/b/redis'", 'Write a dict'],
  },
  '`deps` names what is in the same package': {
    services: { web: { attributes: 'deps = [":redis"],' } },
    says: ["//services/web: 'deps' must be labels of services of other packages", "got ':redis'"],
  },
  '`deps` names what is no service': {
    services: { web: { attributes: 'deps = ["//kit"],' } },
    says: ["no such target '//kit:dev-exports'", "referenced by '//services/web:dev"],
  },
  'a service of `deps` is not in an environment of the service': {
    services: { redis: { attributes: 'environments = ["test"],' }, web: CALLER },
    says: [
      "//services/web: 'deps' must be in every environment of the service",
      "//services/redis is not in environment 'dev', only in test",
      "Add 'dev' to its 'environments'",
    ],
  },
  '`environments` names none of `ENVS`': {
    services: { web: { attributes: 'environments = ["qa"],' } },
    says: ["//services/web: 'environments' must be one of dev, test, got 'qa'", 'cluster_constants.bzl'],
  },
  'two services have objects of one name (`K8S_DUPLICATE_OBJECT`)': {
    services: { a: { kubernetesName: 'same' }, b: { kubernetesName: 'same' }, web: needs('a', 'b') },
    says: [
      'K8S_DUPLICATE_OBJECT: Reading //services/web:dev-deep: ConfigMap dev/same is both in //services/a:dev__configmap and in //services/b:dev__configmap',
      'hint: ',
    ],
  },
  'two packages make one name, as `a/b` and `a_b`': {
    services: { 'a/b': {}, a_b: {}, web: { attributes: 'deps = {"//services/a/b": "one", "//services/a_b": "two"},' } },
    says: [
      "//services/web:dev-deep: stacks must have different names in one namespace, got 'a-b' in 'dev'",
      '//services/a/b:dev and //services/a_b:dev',
    ],
  },
  'a port is not there any more (`JSONNET_FAILED`)': {
    services: { redis: { port: 'resp' }, web: CALLER },
    says: ['//services/web:dev__manifests', 'redis', 'no port named http', 'resp'],
  },
  'the source reads a name in `deps` that is none (`JSONNET_FAILED`)': {
    services: { redis: {}, web: { ...needs('redis'), data: 'address: dependency.name(deps.cache)' } },
    says: ['//services/web:dev__manifests', 'Field does not exist: cache', 'deps has redis (//services/redis)'],
  },
  'the source reads the Service of one that has none (`JSONNET_FAILED`)': {
    services: {
      redis: {},
      worker: { hasService: false },
      web: { ...needs('redis', 'worker'), data: 'address: dependency.name(deps.worker)' },
    },
    says: ["//services/web: deps.worker: //services/worker has no Service in 'dev'; of deps, these have one: redis"],
  },
  '`manifests` is not what the source returns (`JSONNET_OUTPUTS_DIFFER`)': {
    services: { web: { attributes: 'manifests = ["configmap"],' } },
    says: [
      'JSONNET_OUTPUTS_DIFFER',
      '//services/web:dev__manifests',
      'configmap.json, service.json',
      "'manifests' names",
    ],
  },
  '`manifests` has what is no role': {
    services: { web: { attributes: 'manifests = ["config"],' } },
    says: ["//services/web: 'manifests' must be roles", "got 'config'", 'Roles are configmap, '],
  },
  '`manifests` has pods, and there is no `image`': {
    services: { web: { attributes: 'manifests = ["deployment"],' } },
    says: ["//services/web: 'image' must be set, as 'deployment' has pods, got None"],
  },
  'an environment has pins, and there is no pins.json': {
    services: { web: { attributes: 'manifests = ["deployment"], image = "//:i",' } },
    constants: CONSTANTS.replace('"built"', '"pinned"'),
    says: [
      "//services/web: 'pins' must be set, as environment 'dev' deploys pinned images, and there is no pins.json",
      '`bazel run //services/web:release`',
    ],
  },
  'a `k8s_object` has pins, and no `env`': {
    services: {
      web: {
        statements:
          'load("@fathom//tools/k8s:defs.bzl", "k8s_object")\n\n' +
          'k8s_object(name = "x", images = {"x": "//:i"}, pins = "pins.json", template = "x.yaml")\n',
      },
    },
    target: '//services/web:x',
    says: ["//services/web:x: 'env' must be given beside 'pins', got None. Name the environment whose pins are meant"],
  },
  '`environments` of a `k8s_pins` names none of `ENVS`': {
    services: {
      web: {
        statements:
          'load("@fathom//tools/k8s:defs.bzl", "k8s_pins")\n\n' +
          'k8s_pins(name = "pins", environments = ["dev", "stagging"], images = {"services/web": "//:i"})\n',
      },
    },
    target: '//services/web:pins',
    says: ["//services/web:pins: 'environments' must be one of dev, test, got 'stagging'", 'cluster_constants.bzl'],
  },
  '`images` are given where several manifests have pods': {
    services: {
      web: { attributes: 'manifests = ["deployment", "job"], image = "//:i", images = {"x": "//:x"},' },
    },
    says: ["//services/web: 'images' must be of one manifest with pods, got deployment, job"],
  },
  'an entry of `ENVS` has an unknown key': {
    services: { web: {} },
    constants: CONSTANTS.replace('namespace = "dev"', 'namespace = "dev", replica = 2'),
    says: ["//:cluster_constants.bzl: ENVS['dev'] must have no key 'replica', got 2. Known keys are"],
  },
  'an entry of `ENVS` lacks a key, or has a value of a wrong type': {
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
