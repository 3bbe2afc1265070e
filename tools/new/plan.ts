// What a new service is made of: every file with its text, and the one line of the list of services.
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError, systemErrorCode } from '../lib/errors.ts';
import { type Callee, findCallees } from './callees.ts';
import { kubernetesNameOf, type ServiceNames, serviceNames } from './names.ts';
import { checkPackages } from './packages.ts';
import { renderFiles, RUNBOOKS } from './render.ts';
import { SERVICES_LIST, listedServices, withService } from './services_list.ts';
import { USERS_FILE, withUser } from './store_users.ts';

/** What the build knows of the workspace in which a service is made. */
export interface WorkspaceFacts {
  /** What Fathom's labels begin with: empty in Fathom's own workspace, `@fathom` in others. */
  readonly repository: '' | '@fathom';
  /** The environments of ENVS, and what images they deploy. */
  readonly environments: Readonly<Record<string, 'built' | 'pinned'>>;
}

/** Options of {@link planService}. */
export interface PlanOptions {
  /** The root folder of the workspace. */
  readonly workspace: string;
  readonly facts: WorkspaceFacts;
  /** Its path below services/. */
  readonly name: string;
  /** What it calls: paths below services/, or labels. */
  readonly deps: readonly string[];
  /** The folder of the templates. */
  readonly templates: string;
  /** The path of Fathom's package.json. */
  readonly fathomPackages: string;
}

/** A file to be written, by its path in the workspace. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  /** The text that it replaces; undefined for a file that must not be there yet. */
  readonly before?: string;
}

/** All that is written. */
export interface ServicePlan {
  readonly names: ServiceNames;
  /** `//services/shop/cart` */
  readonly label: string;
  /** The environments that it is in at first: those that deploy what was built. */
  readonly environments: readonly string[];
  /** The services whose golden files change. */
  readonly goldens: readonly string[];
  readonly files: readonly PlannedFile[];
}

/** Plans a service, or says all that stands against it; writes nothing. Throws NEW_*. */
export async function planService(options: PlanOptions): Promise<ServicePlan> {
  const { workspace, facts } = options;
  const known = Object.keys(facts.environments);
  const names = serviceNames(options.name, known);
  const label = `//services/${names.path}`;
  const environments = known.filter((environment) => facts.environments[environment] === 'built');
  if (environments.length === 0) {
    throw new ToolError('NEW_NO_ENVIRONMENT', `Planning ${label}: no environment of ENVS deploys what was built`, {
      hint: 'Add one with "images": "built" to cluster_constants.bzl: a new service has no pins yet.',
    });
  }
  const list = await readList(workspace);
  const services = listedServices(list);
  refuseSameName(names, services);
  const callees = await findCallees({ workspace, asked: options.deps, services, environments });
  refuseStoresElsewhere(callees, facts);
  checkPackages({
    own: await textOf(join(workspace, 'package.json')),
    fathoms: await readFile(options.fathomPackages, 'utf8'),
    imported: callees.some(isStore) ? ['ioredis'] : [],
  });
  const edits = await editsOfStores(callees.filter(isStore), { workspace, user: names.kubernetesName });
  const rendered = await renderFiles({
    ...options,
    names,
    callees,
    environments: environments.length === known.length ? [] : environments,
    environment: environments[0] ?? '',
    runbooks: (await hasPackage(join(workspace, RUNBOOKS))) ? 'some' : 'none',
  });
  await refuseExisting({ workspace, label, paths: rendered.map(({ path }) => path) });
  return {
    names,
    label,
    environments,
    goldens: [label, ...callees.filter(isStore).map((store) => store.label)],
    files: [...rendered, ...edits, { path: SERVICES_LIST, text: withService(list, label), before: list }],
  };
}

/** Whether a callee keeps data, and is no gRPC service. */
export function isStore({ port }: Callee): boolean {
  return port === 'redis';
}

/** Tests of stores start Fathom's own Redis, which other workspaces do not have. Throws NEW_STORE_ELSEWHERE. */
function refuseStoresElsewhere(callees: readonly Callee[], { repository }: WorkspaceFacts): void {
  const store = callees.find(isStore);
  if (store === undefined || repository === '') return;
  throw new ToolError(
    'NEW_STORE_ELSEWHERE',
    `Reading --deps: ${store.label} is a store of another workspace than Fathom's`,
    {
      hint: `Leave it out here, and add it to 'deps' in the new BUILD file by hand: docs/services.md, Contracts.`,
    },
  );
}

async function readList(workspace: string): Promise<string> {
  const list = await textOf(join(workspace, SERVICES_LIST));
  if (list !== undefined) return list;
  throw new ToolError('NEW_NO_SERVICES_LIST', `Reading ${SERVICES_LIST}: it is not in ${workspace}`, {
    hint: `Write it, with SERVICES = [], beside a BUILD.bazel; or run this in another workspace.`,
  });
}

/** What the store of a service writes in Redis by, see the template. */
const COMMANDS = ['incr'];

/** The user of a service in its store. Throws NEW_STORE_USERS. */
async function editsOfStores(
  stores: readonly Callee[],
  options: Pick<PlanOptions, 'workspace'> & { readonly user: string },
): Promise<readonly PlannedFile[]> {
  const { workspace, user } = options;
  const edits: PlannedFile[] = [];
  for (const { label } of stores) {
    const path = `${label.slice(2)}/${USERS_FILE}`;
    const before = await textOf(join(workspace, path));
    if (before === undefined) {
      throw new ToolError('NEW_STORE_USERS', `Reading ${path}: it is not there`, {
        hint: 'Leave the store out of --deps, and wire it by hand.',
      });
    }
    edits.push({ path, before, text: withUser(before, user, { path, commands: COMMANDS }) });
  }
  return edits;
}

/** Two services of one Kubernetes name would be one. Throws NEW_EXISTS. */
function refuseSameName({ path, kubernetesName }: ServiceNames, services: readonly string[]): void {
  const same = services.find(
    (service) => kubernetesNameOf(service.replace('//services/', '').replace(/:.*$/, '')) === kubernetesName,
  );
  if (same === undefined) return;
  throw new ToolError(
    'NEW_EXISTS',
    same === `//services/${path}`
      ? `Planning ${same}: ${SERVICES_LIST} has it already`
      : `Planning //services/${path}: ${same} has its Kubernetes name, ${kubernetesName}`,
    { hint: 'Choose another name.' },
  );
}

/** What is there is nobody's to replace. Throws NEW_EXISTS with all of it. */
async function refuseExisting(options: {
  readonly workspace: string;
  readonly label: string;
  readonly paths: readonly string[];
}): Promise<void> {
  const { workspace, label, paths } = options;
  // A package may also have its targets in a BUILD without extension.
  const builds = paths.filter((path) => path.endsWith('/BUILD.bazel')).map((path) => path.replace(/\.bazel$/, ''));
  const found: string[] = [];
  for (const path of [...paths, ...builds].toSorted()) if (await isThere(join(workspace, path))) found.push(path);
  if (found.length === 0) return;
  throw new ToolError(
    'NEW_EXISTS',
    `Planning ${label}: what it would write is there already\n  ${found.join('\n  ')}`,
    {
      hint: 'Choose another name, or move these away.',
    },
  );
}

/** Whether a folder has a BUILD file. */
async function hasPackage(folder: string): Promise<boolean> {
  return (await isThere(join(folder, 'BUILD.bazel'))) || isThere(join(folder, 'BUILD'));
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    // ENOTDIR: a file is where a folder would be. Writing would fail, so it counts as there.
    if (systemErrorCode(error) === 'ENOENT') return false;
    return true;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return undefined;
  });
}
