// Services as a generator writes them, in every environment. They call one another as a tree: each third of them one.
import { createHash } from 'node:crypto';

/** Constants of four environments, all of which deploy pins, so that no image is built. */
export const CONSTANTS = `REGISTRY = "registry.fathom.internal"

_COMMON = {"cluster": "c", "context": "c", "registry": REGISTRY, "images": "pinned", "replicas": 2}

ENVS = {name: dict(_COMMON, namespace = name) for name in ["prod", "staging", "dev", "test"]}
`;

export const ENVIRONMENTS = ['prod', 'staging', 'dev', 'test'];

/** The files of `count` services. `seed` makes them like no others, so that no cache has them. */
export function serviceFiles(count: number, seed: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    const path = packageOf(index, seed);
    const name = path.slice('services/'.length);
    const called = index === 0 ? undefined : packageOf(Math.floor((index - 1) / 3), seed);
    files[`${path}/BUILD.bazel`] = buildFile(name, called);
    files[`${path}/${name}.jsonnet`] = jsonnetSource(name, called);
    files[`${path}/pins.json`] = pins(path);
  }
  return files;
}

/** The package of a service. */
export function packageOf(index: number, seed: string): string {
  return `services/s${seed}_${index}`;
}

function buildFile(name: string, called: string | undefined): string {
  return `load("@fathom//tools/k8s:defs.bzl", "service")

service(
    name = "${name}",
    image = "//:image",
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

function pins(path: string): string {
  const digest = `sha256:${createHash('sha256').update(path).digest('hex')}`;
  const pin = { digest, commit: '0'.repeat(40), time: '2026-01-01T00:00:00Z' };
  const entries = ENVIRONMENTS.map((env) => [env, { [`registry.fathom.internal/${path}`]: pin }]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
