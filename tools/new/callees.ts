// What a new service calls: services of the workspace, and what the rendered Service of each offers.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ToolError, systemErrorCode } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { type Contract, findContract } from './contracts.ts';
import { camelCase, kubernetesNameOf } from './names.ts';
import { SERVICES_LIST } from './services_list.ts';

/** The names of ports that generated code can call. */
export const CALLED_PORTS = ['grpc', 'redis'] as const;

/** A service that a new one calls. */
export interface Callee {
  /** `//services/routeguide/server` */
  readonly label: string;
  /** What Jsonnet calls it in `deps`: `server`. */
  readonly field: string;
  /** The port that is called, and with it the protocol. */
  readonly port: (typeof CALLED_PORTS)[number];
  /** What it is called in logs and answers: `routeguide-server`. */
  readonly name: string;
  /** The variable with its address: `ROUTEGUIDE_SERVER_ADDRESS`. */
  readonly variable: string;
  /** The setting of that variable: `routeguideServerAddress`. */
  readonly setting: string;
  /** What its client is called in TypeScript: `routeguideServerClient`. */
  readonly client: string;
  /** What of jsonnet/dependency.libsonnet gives its address: all pods' own, where it has a name for these. */
  readonly addressOf: 'address' | 'podsAddress';
  /** Of one that is called by gRPC. */
  readonly contract?: Contract;
}

/** Options of {@link findCallees}. */
export interface CalleesOptions {
  /** The root folder of the workspace. */
  readonly workspace: string;
  /** What was asked for: paths below services/, or labels. */
  readonly asked: readonly string[];
  /** Labels of the services that there are. */
  readonly services: readonly string[];
  /** The environments of the new service, in all of which its callees must be. */
  readonly environments: readonly string[];
}

// https://jsonnet.org/ref/spec.html#lexing: none of them may stand after `deps.`.
const KEYWORDS = new Set(
  'assert else error false for function if import importbin importstr in local null self super tailstrict then true'.split(
    ' ',
  ),
);

function jsonnetField(word: string): string {
  return KEYWORDS.has(word) ? `${word}_service` : word;
}

/**
 * Finds what was asked for, each once. Throws NEW_UNKNOWN_DEPENDENCY, NEW_DEPENDENCY_ENVIRONMENT,
 * NEW_DEPENDENCY_PORT, NEW_DEPENDENCY_CONTRACT, NEW_TWO_STORES.
 */
export async function findCallees(options: CalleesOptions): Promise<readonly Callee[]> {
  const { asked, services, environments, workspace } = options;
  const labels = [...new Set(asked.map((one) => labelOf(one, services)))].toSorted();
  const paths = labels.map((label) => label.slice('//services/'.length));
  const lastWords = paths.map((path) => path.split('/').at(-1));
  const isClear = new Set(lastWords).size === lastWords.length;
  const callees: Callee[] = [];
  for (const [index, path] of paths.entries()) {
    const { port, isHeadless } = await calledPort({ path, workspace, environments });
    // A store is called by what it is, so that a service can be given another one.
    const name = port === 'redis' ? 'redis' : kubernetesNameOf(path);
    const field = jsonnetField((isClear ? lastWords[index] : undefined) ?? path.replaceAll('/', '_'));
    const variable = `${name.replaceAll('-', '_').toUpperCase()}_ADDRESS`;
    callees.push({
      label: labels[index] ?? '',
      field,
      port,
      name,
      variable,
      setting: camelCase(variable.toLowerCase()),
      client: `${camelCase(name)}Client`,
      addressOf: isHeadless && port === 'grpc' ? 'podsAddress' : 'address',
      ...(port === 'grpc' && { contract: await findContract(path, workspace) }),
    });
  }
  const stores = callees.filter(({ port }) => port === 'redis');
  if (stores.length > 1) {
    throw new ToolError(
      'NEW_TWO_STORES',
      `Reading --deps: ${stores.map(({ label }) => label).join(' and ')} are stores`,
      {
        hint: 'Name one of them; a second one is wired by hand like the first.',
      },
    );
  }
  return callees;
}

/** The label of a service that was asked for by path or label. Throws NEW_UNKNOWN_DEPENDENCY. */
function labelOf(asked: string, services: readonly string[]): string {
  const path = asked.replace(/^\/\//, '').replace(/^services\//, '');
  // The long form of a label says the last word twice.
  const label = `//services/${path.replace(/([^/:]+):\1$/, '$1')}`;
  if (services.includes(label)) return label;
  const known = services.map((service) => service.replace('//services/', ''));
  const near = nearest(path, known);
  throw new ToolError(
    'NEW_UNKNOWN_DEPENDENCY',
    `Reading --deps: ${SERVICES_LIST} has no '${asked}', it has ${known.join(', ') || 'none'}`,
    { hint: near === undefined ? 'Leave --deps out.' : `The nearest is '${near}': write --deps=${near}.` },
  );
}

/** Which port of a service's Service can be called, as its golden files show it. */
async function calledPort(options: {
  readonly path: string;
  readonly workspace: string;
  readonly environments: readonly string[];
}): Promise<{ readonly port: Callee['port']; readonly isHeadless: boolean }> {
  const { path, workspace, environments } = options;
  const folder = join(workspace, 'services', path, 'golden');
  const rendered = (await readdir(folder).catch(ignoreMissing))?.map((file) => file.replace(/\.yaml$/, '')) ?? [];
  const update = `Run \`bazel run //services/${path}:update_goldens\``;
  if (rendered.length === 0) {
    throw new ToolError('NEW_DEPENDENCY_ENVIRONMENT', `Reading --deps: services/${path} has no golden files`, {
      hint: `${update}: they show what it offers.`,
    });
  }
  const missing = environments.find((environment) => !rendered.includes(environment));
  if (missing !== undefined) {
    throw new ToolError(
      'NEW_DEPENDENCY_ENVIRONMENT',
      `Reading --deps: services/${path} is not in environment '${missing}', only in ${rendered.join(', ')}`,
      { hint: `Add '${missing}' to 'environments' in services/${path}/BUILD.bazel. ${update}.` },
    );
  }
  const services = servicesOf(await readFile(join(folder, `${environments[0] ?? ''}.yaml`), 'utf8'));
  const ports = services.flatMap(({ spec }) => (spec.ports ?? []).map(({ name }) => name ?? ''));
  const isHeadless = services.some(({ metadata }) => metadata?.annotations?.['fathom.internal/headless'] === 'true');
  const port = CALLED_PORTS.find((name) => ports.includes(name));
  if (port !== undefined) return { port, isHeadless };
  const found = ports.length === 0 ? 'no Service' : `a Service with ${ports.join(', ')}`;
  throw new ToolError(
    'NEW_DEPENDENCY_PORT',
    `Reading --deps: services/${path} has ${found}; a port named ${CALLED_PORTS.join(' or ')} is needed`,
    { hint: "Leave it out here, and add it to 'deps' in the new BUILD file by hand: docs/services.md, Contracts." },
  );
}

/** The Service that callers use, which is not the headless one beside it. */
function servicesOf(manifests: string): readonly ServiceObject[] {
  return parseAllDocuments(manifests)
    .map((document) => document.toJS() as unknown)
    .filter(isService)
    .filter(({ spec }) => spec.clusterIP !== 'None');
}

interface ServiceObject {
  readonly kind: 'Service';
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly clusterIP?: string; readonly ports?: readonly { readonly name?: string }[] };
}

// What golden files hold was checked against Kubernetes' schemas when it was built.
function isService(object: unknown): object is ServiceObject {
  return typeof object === 'object' && object !== null && 'kind' in object && object.kind === 'Service';
}

function ignoreMissing(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}
