// Services as a generator writes them: each with a source in Jsonnet, and where wanted with an image of its own whose base
// all of them share. They call one another as a tree of which each has three branches.
import { createHash } from 'node:crypto';

/** An environment of the generated workspace. */
export interface BenchEnvironment {
  readonly name: string;
  /** Whether what was built is deployed; else pins are, and no image is built. */
  readonly isBuilt: boolean;
}

/** What is generated. */
export interface ServicesOptions {
  readonly count: number;
  readonly environments: readonly BenchEnvironment[];
  /** Makes services like no others, so that no cache has them. Default: always the same ones. */
  readonly seed?: string;
  /** Of how many of the first services there is a stack. Default: of all. */
  readonly stacks?: readonly number[];
}

/** The registry's name in manifests. */
export const REGISTRY = 'registry.fathom.internal';
/** The kubeconfig's context, and the cluster in whose state the registry's endpoint is. */
export const CONTEXT = 'fathom-test';
export const CLUSTER = 'bench';

/** The environment of whoever runs a verb: a namespace for each FATHOM_USER. */
export const PERSONAL: BenchEnvironment = { name: 'myns', isBuilt: true };
const PINNED = ['prod', 'staging', 'dev'].map((name): BenchEnvironment => ({ name, isBuilt: false }));
/** Environments as repos have them: three that deploy pins, and everybody's own. */
export const FOUR: readonly BenchEnvironment[] = [...PINNED, PERSONAL];

/** The stack of the first services. */
export function stackOf(count: number): string {
  return `//stack:all-${count}-deep`;
}

/** All files of the workspace. */
export function workspaceFiles(options: ServicesOptions): Record<string, string> {
  const { count, environments, seed } = options;
  const files: Record<string, string> = {
    'BUILD.bazel': '',
    'cluster_constants.bzl': constants(environments),
    'base/BUILD.bazel': BASE,
    'base/noise': noise(),
    'stack/BUILD.bazel': stacksOf(options),
  };
  for (let index = 0; index < count; index++) {
    const path = packageOf(index, seed);
    const name = path.slice('services/'.length);
    const called = calledBy(index, seed);
    files[`${path}/BUILD.bazel`] = buildFile({ name, called, environments, version: 0 });
    files[`${path}/${name}.jsonnet`] = jsonnetSource(name, called);
    const pinned = environments.filter(({ isBuilt }) => !isBuilt);
    if (pinned.length > 0) files[`${path}/pins.json`] = pins(path, pinned);
  }
  return files;
}

/** The package of a service. */
export function packageOf(index: number, seed = ''): string {
  return `services/s${seed}_${index}`;
}

/** Its name in Kubernetes. */
export function nameOf(index: number, seed = ''): string {
  return packageOf(index, seed).slice('services/'.length).replaceAll('_', '-');
}

/** The files of one service in another version: another image, and an environment variable that differs. */
export function changedService(
  index: number,
  version: number,
  { environments, seed }: Omit<ServicesOptions, 'count'>,
): Record<string, string> {
  const path = packageOf(index, seed);
  const name = path.slice('services/'.length);
  const called = calledBy(index, seed);
  return {
    [`${path}/BUILD.bazel`]: buildFile({ name, called, environments, version }),
    [`${path}/${name}.jsonnet`]: jsonnetSource(name, called, `debug${version}`),
  };
}

function calledBy(index: number, seed?: string): string | undefined {
  return index === 0 ? undefined : packageOf(Math.floor((index - 1) / 3), seed);
}

function constants(environments: readonly BenchEnvironment[]): string {
  const entries = environments.map(({ name, isBuilt }) => {
    const namespace = name === PERSONAL.name ? 'myns-placeholder' : name;
    return `    "${name}": dict(_COMMON, namespace = "${namespace}", images = "${isBuilt ? 'built' : 'pinned'}"),`;
  });
  return `REGISTRY = "${REGISTRY}"

_COMMON = {"cluster": "${CLUSTER}", "context": "${CONTEXT}", "registry": REGISTRY, "replicas": 1}

ENVS = {
${entries.join('\n')}
}
`;
}

// What all images share: a megabyte, of which the layer has about half.
const BASE_BYTES = 1 << 20;
const BASE = `load("@fathom//tools/oci:defs.bzl", "oci_image")

oci_image(
    name = "base",
    directory = "/usr/lib",
    files = ["noise"],
    visibility = ["//visibility:public"],
)
`;

function noise(): string {
  const lines = Array.from({ length: BASE_BYTES / 64 }, (_, index) =>
    createHash('sha256').update(`${index}`).digest('hex'),
  );
  return lines.join('');
}

function stacksOf({ count, environments, seed, stacks = [count] }: ServicesOptions): string {
  if (!environments.includes(PERSONAL)) return '';
  const targets = stacks.map((size) => {
    const objects = Array.from({ length: size }, (_, index) => `        "//${packageOf(index, seed)}:myns-deep",\n`);
    return `
k8s_objects(
    name = "all-${size}-deep",
    env = "myns",
    objects = [
${objects.join('')}    ],
)
`;
  });
  return `load("@fathom//tools/k8s:defs.bzl", "k8s_objects")\n${targets.join('')}`;
}

interface BuildFileOptions {
  readonly name: string;
  readonly called: string | undefined;
  readonly environments: readonly BenchEnvironment[];
  readonly version: number;
}

function buildFile({ name, called, environments, version }: BuildFileOptions): string {
  // Where nothing is built a file stands for the image: nobody reads it.
  const image = environments.some(({ isBuilt }) => isBuilt)
    ? `oci_image(
    name = "image",
    base = "//base",
    entrypoint = ["/app/${name}"],
    texts = {"/app/${name}": "version ${version}"},
)`
    : 'filegroup(name = "image")';
  return `load("@fathom//tools/k8s:defs.bzl", "service")
load("@fathom//tools/oci:defs.bzl", "oci_image")

${image}

service(
    name = "${name}",
    image = ":image",
    deps = [${called === undefined ? '' : `"//${called}"`}],
    visibility = ["//visibility:public"],
)
`;
}

/** The Jsonnet of a service. `level`: what differs after a change. Default: `info`. */
export function jsonnetSource(name: string, called: string | undefined, level = 'info'): string {
  const field = called?.slice('services/'.length);
  return `local dependency = import 'jsonnet/dependency.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

function(environment, deps) k.files(service({
  name: '${name.replaceAll('_', '-')}',
  environment: environment,
  image: environment.registry + '/services/${name}',
  ports: { grpc: 8080 },
  servicePorts: { grpc: 8080 },
  dependencies: deps,
  env: { LOG_LEVEL: '${level}'${field === undefined ? '' : `, CALLED: dependency.address(deps.${field}, 'grpc')`} },
}))
`;
}

function pins(path: string, environments: readonly BenchEnvironment[]): string {
  const digest = `sha256:${createHash('sha256').update(path).digest('hex')}`;
  const pin = { digest, commit: '0'.repeat(40), time: '2026-01-01T00:00:00Z' };
  const entries = environments.map(({ name }) => [name, { [`${REGISTRY}/${path}`]: pin }]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
