// A workspace of its own with services of two objects each, for builds that must fail.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endNested, nestedBazel } from '../nested/nested_bazel.ts';

/** A service: attributes of the macro beside `name`, and what differs in its Jsonnet. */
export interface ServiceSource {
  /** Further attributes, as Starlark. Default: none. */
  readonly attributes?: string;
  /** The Kubernetes name. Default: the path with `-`. */
  readonly kubernetesName?: string;
  /** The name of its port. Default: http. */
  readonly port?: string;
  /** Whether it has a Service. Default: true. */
  readonly hasService?: boolean;
  /** Further fields of what its Jsonnet returns. Default: none. */
  readonly fields?: string;
  /** Data of its ConfigMap, as Jsonnet; `deps` is what it calls. Default: none. */
  readonly data?: string;
  /** Further statements of its BUILD file, as Starlark. Default: none. */
  readonly statements?: string;
}

/** The workspace, and a Bazel in it. */
export interface Workspace {
  readonly root: string;
  /** Writes files, by their paths. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Writes the services, by the paths of their packages, and takes all others away. */
  writeServices(services: Readonly<Record<string, ServiceSource>>): Promise<void>;
  /** A file that was built, by its path below bazel-bin. */
  readBuilt(path: string): Promise<string>;
  /** Runs Bazel; resolves to whether it succeeded, and all that it printed. */
  bazel(...args: readonly string[]): Promise<{ readonly succeeded: boolean; readonly output: string }>;
  end(): Promise<void>;
}

/** A good ENVS of two environments in one cluster. */
export const CONSTANTS = `REGISTRY = "registry.fathom.internal"

_COMMON = {"cluster": "c", "context": "c", "registry": REGISTRY, "images": "built"}

ENVS = {
    "dev": dict(_COMMON, namespace = "dev"),
    "test": dict(_COMMON, namespace = "test"),
}
`;

/** Makes a workspace in a folder of its own that loads the checkout `fathom`; `loads` are further lines of its WORKSPACE. */
export async function createWorkspace(fathom: string, env: NodeJS.ProcessEnv, loads = ''): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-services-'));
  const root = join(folder, 'workspace');
  const cache = join(env['HOME'] ?? '/root', '.cache/fathom');
  const nested = nestedBazel({ folder, workspace: root, env });

  const write: Workspace['write'] = async (files) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };

  await write({
    '.bazelrc': `common --repository_cache=${cache}/bazel-repositories\nbuild --disk_cache=${cache}/bazel-disk\nbuild --incompatible_strict_action_env\n`,
    'BUILD.bazel': '',
    'cluster_constants.bzl': CONSTANTS,
    'kit/BUILD.bazel': 'filegroup(name = "kit")\n',
    WORKSPACE: `workspace(name = "services")

local_repository(
    name = "fathom",
    path = ${JSON.stringify(fathom)},
)

load("@fathom//tools:repositories.bzl", "fathom_repositories")

fathom_repositories()

load("@fathom//tools/k8s:repositories.bzl", "fathom_environments")

fathom_environments(
    name = "fathom_environments",
    constants = "//:cluster_constants.bzl",
)

load("@fathom//tools:packages.bzl", "fathom_packages")

fathom_packages()
${loads}`,
  });

  return {
    root,
    write,
    writeServices: async (services) => {
      await rm(join(root, 'services'), { recursive: true, force: true });
      for (const [path, service] of Object.entries(services)) await write(serviceFiles(path, service));
    },
    readBuilt: (path) => readFile(join(root, 'bazel-bin', path), 'utf8'),
    bazel: async (...args) => {
      try {
        return { succeeded: true, output: await nested(...args) };
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        return { succeeded: false, output: stdout + stderr };
      }
    },
    end: () => endNested(folder, nested),
  };
}

function serviceFiles(path: string, source: ServiceSource): Record<string, string> {
  const { attributes = '', kubernetesName = path.replaceAll(/[/_]/g, '-'), port = 'http', data = '' } = source;
  const { hasService = true, fields = '', statements = '' } = source;
  const name = path.split('/').at(-1) ?? path;
  const manifests = hasService ? '["configmap", "service"]' : '["configmap"]';
  return {
    [`services/${path}/BUILD.bazel`]: `load("@fathom//tools/k8s:defs.bzl", "service")

service(
    name = "${name}",
    ${attributes.includes('manifests = ') ? '' : `manifests = ${manifests},`}
    visibility = ["//visibility:public"],
    ${attributes}
)
${statements}`,
    [`services/${path}/${name}.jsonnet`]: `local dependency = import 'jsonnet/dependency.libsonnet';

function(environment, deps) {
  local metadata = { name: '${kubernetesName}', namespace: environment.namespace },
  ${fields}
  'configmap.json': { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata, data: {${data}} },
  [if ${hasService} then 'service.json']: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata,
    spec: { selector: { app: metadata.name }, ports: [{ name: '${port}', port: 80 }] },
  },
}
`,
  };
}
