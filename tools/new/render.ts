// The texts of a new service, out of the templates.
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import mustache from 'mustache';
import { format, resolveConfig } from 'prettier';
import type { Callee } from './callees.ts';
import { camelCase, type ServiceNames, titleCase } from './names.ts';

/** Options of {@link renderFiles}. */
export interface RenderOptions {
  readonly workspace: string;
  readonly facts: { readonly repository: string };
  readonly templates: string;
  readonly names: ServiceNames;
  readonly callees: readonly Callee[];
  /** The environments that the service is in; empty for all that there are. */
  readonly environments: readonly string[];
  /** The environment that pages name. */
  readonly environment: string;
  /** Whether the package of the runbooks is there. */
  readonly runbooks: 'some' | 'none';
}

/** The package of the pages that alerts name. */
export const RUNBOOKS = 'docs/runbooks';

/** A file that was rendered, by its path in the workspace. */
export interface RenderedFile {
  readonly path: string;
  readonly text: string;
}

/** Renders every file of a service, in the order of its paths. */
export async function renderFiles(options: RenderOptions): Promise<readonly RenderedFile[]> {
  const view = viewOf(options);
  const files: RenderedFile[] = [];
  for (const [path, template] of Object.entries(templatesOf(options))) {
    const source = await readFile(join(options.templates, template), 'utf8');
    const text = mustache.render(source, view, {}, { escape: String });
    files.push({ path, text: await formatted(join(options.workspace, path), text) });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Path of a file → its template. */
function templatesOf({ names, callees, runbooks }: RenderOptions): Readonly<Record<string, string>> {
  const { domain, kubernetesName, name, path, protoPath } = names;
  const contract = `proto/${protoPath}/v1`;
  const service = `services/${path}`;
  return {
    [`${RUNBOOKS}/${kubernetesName}.md`]: 'runbooks/runbook.md.mustache',
    [`${contract}/BUILD.bazel`]: 'proto/BUILD.bazel.mustache',
    [`${contract}/${domain}.proto`]: 'proto/contract.proto.mustache',
    [`${service}/BUILD.bazel`]: 'service/BUILD.bazel.mustache',
    [`${service}/${name}.jsonnet`]: 'service/service.jsonnet.mustache',
    [`${service}/${domain}.ts`]: 'service/logic.ts.mustache',
    [`${service}/${domain}_test.ts`]: 'service/logic_test.ts.mustache',
    [`${service}/main.ts`]: 'service/main.ts.mustache',
    [`${service}/metrics.txt`]: 'service/metrics.txt.mustache',
    [`${service}/metrics_test.ts`]: 'service/metrics_test.ts.mustache',
    [`${service}/server.ts`]: 'service/server.ts.mustache',
    [`${service}/server_test.ts`]: 'service/server_test.ts.mustache',
    ...(runbooks === 'none' && { [`${RUNBOOKS}/BUILD.bazel`]: 'runbooks/BUILD.bazel.mustache' }),
    ...(callees.some(({ port }) => port === 'redis') && {
      [`${service}/store.ts`]: 'service/store.ts.mustache',
      [`${service}/store_test.ts`]: 'service/store_test.ts.mustache',
    }),
    ...(callees.some(({ port }) => port === 'grpc') && {
      [`${service}/callees.ts`]: 'service/callees.ts.mustache',
      [`${service}/callees_test.ts`]: 'service/callees_test.ts.mustache',
    }),
  };
}

/** What templates refer to. */
function viewOf({ names, callees, environments, environment, facts }: RenderOptions) {
  const { path, protoPath, domain, kubernetesName, protoService } = names;
  const folder = `services/${path}`;
  const from = (target: string) => posix.relative(folder, target);
  const external = facts.repository === '' ? '' : `external/${facts.repository.slice(1)}/`;
  const services = withClasses(callees).map((one) => ({ ...one, module: from(one.module) }));
  const owner = path.split('/').slice(0, -1).join('-').replaceAll('_', '-');
  const own = `//proto/${protoPath}/v1:${domain}_ts`;
  const addresses = callees.map(
    ({ variable, port }) => [variable, `127.0.0.1:${port === 'redis' ? 6379 : 50_051}`] as const,
  );
  const isRenamed = callees.some(({ label, field }) => label.split('/').at(-1) !== field);
  return {
    ...names,
    environment,
    fathom: facts.repository,
    partOf: owner === '' ? undefined : owner,
    handlers: `${camelCase(protoService)}Service`,
    HandlersOptions: `${protoService}ServiceOptions`,
    contractLabels: [...new Set([own, ...services.map(({ contractLabel }) => contractLabel)])].toSorted(),
    contract: from(`proto/${protoPath}/v1/${domain}`),
    kit: from(`${external}services/kit/index.ts`),
    scrape: from(`${external}tools/monitoring/scrape.ts`),
    redisClient: from('services/redis/client/connection.ts'),
    redisTesting: from('services/redis/keeper/testing'),
    store: callees.find(({ port }) => port === 'redis'),
    keyPrefix: kubernetesName,
    environments: environments.length === 0 ? undefined : list(environments),
    hasCallees: callees.length > 0,
    callees,
    redis: callees.some(({ port }) => port === 'redis'),
    services,
    hasServices: services.length > 0,
    // Two services may have one contract.
    imports: [...new Map(services.map((one) => [one.imported, one])).values()],
    runEnv: addresses.length === 0 ? undefined : dict(addresses),
    deps: isRenamed ? dict(callees.map(({ label, field }) => [label, field])) : list(callees.map(({ label }) => label)),
  };
}

/** The callees with a contract, each with the class of its client: one of its own where contracts share a name. */
function withClasses(callees: readonly Callee[]) {
  const contracts = callees.flatMap(({ contract }) => (contract === undefined ? [] : [contract]));
  return callees.flatMap(({ contract, ...callee }) => {
    if (contract === undefined) return [];
    const { service, module, label: contractLabel } = contract;
    const isShared = contracts.some((other) => other.service === service && other.module !== module);
    const clientClass = `${isShared ? titleCase(callee.name) : service}Client`;
    const imported = isShared ? `${service}Client as ${clientClass}` : clientClass;
    return [{ ...callee, module, contractLabel, clientClass, imported }];
  });
}

/** A list of strings as buildifier writes an attribute. */
function list(items: readonly string[]): string {
  const quoted = items.map((item) => JSON.stringify(item));
  return quoted.length === 1 ? `[${quoted.join('')}]` : `[\n${rows(quoted)}    ]`;
}

/** A dict of strings likewise. */
function dict(entries: readonly (readonly [string, string])[]): string {
  const quoted = entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).toSorted();
  return quoted.length === 1 ? `{${quoted.join('')}}` : `{\n${rows(quoted)}    }`;
}

function rows(items: readonly string[]): string {
  return items.map((item) => `        ${item},\n`).join('');
}

/** As the workspace's own prettier settings have it: names of any length make lines of any length. */
async function formatted(path: string, text: string): Promise<string> {
  if (!path.endsWith('.ts')) return text;
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
