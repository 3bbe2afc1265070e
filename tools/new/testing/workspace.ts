// A workspace in a folder of its own, with as much in it as planning a service looks at.
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { runfile } from '../../lib/runfiles.ts';
import { KIT_PACKAGES } from '../packages.ts';
import { type PlanOptions, planService, type ServicePlan } from '../plan.ts';

/** A workspace for one test. */
export interface TestWorkspace {
  readonly root: string;
  /** Writes files, by their paths. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Every file's text, by its path. */
  read(): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

/** The rendered Service of a service, as its golden file has it. */
export function goldenService(...ports: readonly string[]): string {
  const spec = JSON.stringify({ ports: ports.map((name, index) => ({ name, port: 80 + index })) });
  const headless = '{ clusterIP: None, ports: [{ name: peer, port: 1 }] }';
  return `# as it is deployed\n---\nkind: Deployment\nspec: {}\n---\nkind: Service\nspec: ${headless}\n---\nkind: Service\nspec: ${spec}\n`;
}

/** A service that answers gRPC by the contract `<service>` of proto/<path>/v1, with a golden file. */
export function grpcService(path: string, service: string, proto: string): Readonly<Record<string, string>> {
  return {
    [`services/${path}/BUILD.bazel`]: `nodejs_service(deps = ["//proto/${proto}/v1:${proto}_ts"])\n`,
    [`services/${path}/golden/myns.yaml`]: goldenService('metrics', 'grpc'),
    [`proto/${proto}/v1/BUILD.bazel`]: `ts_proto_library(\n    name = "${proto}_ts",\n)\n`,
    [`proto/${proto}/v1/${proto}.proto`]: `// What service Other { is not.\nservice ${service} {\n}\n`,
  };
}

/** What every test begins with: two services that can be called, one of HTTP, and a worker. */
export const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    dependencies: Object.fromEntries([...KIT_PACKAGES, 'ioredis'].map((name) => [name, '1.0.0'])),
  }),
  '.prettierrc.json': '{ "printWidth": 120, "singleQuote": true }\n',
  'prod/services.bzl': `"""Services."""

SERVICES = [
    "//services/redis",
    "//services/shop/server",
    "//services/web",
    "//services/worker",
]
`,
  'services/redis/golden/myns.yaml': goldenService('redis'),
  'services/redis/users.bzl': 'USERS = {\n    "routeguide": ["get"],\n}\n',
  ...grpcService('shop/server', 'Shop', 'shop'),
  'services/web/golden/myns.yaml': goldenService('http'),
  'services/worker/golden/myns.yaml': '# as it is deployed\n---\nkind: Deployment\nspec: {}\n',
};

/** Makes a workspace with {@link FILES}. */
export async function createTestWorkspace(): Promise<TestWorkspace> {
  const root = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'new-'));
  const write: TestWorkspace['write'] = async (files) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };
  await write(FILES);
  return {
    root,
    write,
    read: async () => {
      const entries = await readdir(root, { withFileTypes: true, recursive: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return Object.fromEntries(
        await Promise.all(paths.map(async (path) => [relative(root, path), await readFile(path, 'utf8')] as const)),
      );
    },
    remove: () => rm(root, { recursive: true }),
  };
}

/** Plans a service in a workspace, by default one that calls nobody. */
export function planIn(
  root: string,
  name = 'x',
  deps: readonly string[] = [],
  facts: PlanOptions['facts'] = { repository: '', environments: { prod: 'pinned', myns: 'built' } },
): Promise<ServicePlan> {
  return planService({
    workspace: root,
    facts,
    name,
    deps,
    templates: runfile('fathom/tools/new/templates'),
    fathomPackages: runfile('fathom/package.json'),
  });
}
