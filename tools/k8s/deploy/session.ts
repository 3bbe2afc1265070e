// What every verb begins with: the stack read and made personal, and, where wanted, a connection to its cluster.
import { ToolError, errorText } from '../../lib/errors.ts';
import { type Log, formatDuration } from '../../lib/log.ts';
import { runfile, userPath } from '../../lib/runfiles.ts';
import { type KubeClient, createClient } from '../kube/client.ts';
import { type Resources, discover } from '../kube/discovery.ts';
import { type ClusterAccess, findCluster } from '../kube/kubeconfig.ts';
import { ACCOUNT_FOLDER, podAccess } from '../kube/pod_access.ts';
import { imageKey } from '../model/images.ts';
import { PLACEHOLDER, personalize } from '../model/placeholder.ts';
import {
  type Connection,
  type ImageInput,
  type LoadedSet,
  type ObjectInput,
  type PlanInput,
  loadSets,
} from '../model/plan_input.ts';
import { PROCESS_TERMINAL, type Terminal } from './confirm.ts';
import { type Binding, bindCluster } from './guard.ts';
import { type VerbOptions, parseOptions } from './options.ts';
import { type Streams, createOutput, processStreams } from './output.ts';
import type { Progress } from './progress.ts';
import { type Program, requireOwnOptions } from './verb_options.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A stack as the build described it, for the person who runs the verb. */
export interface Session {
  readonly input: PlanInput;
  readonly options: VerbOptions;
  readonly sets: readonly LoadedSet[];
  /** The namespace of the person, where the stack is for them. */
  readonly personal: string | undefined;
  readonly connection: Connection;
  /** The cluster of the pod in which this runs, with `--in-cluster`; otherwise a kubeconfig is searched. */
  readonly pod: ClusterAccess | undefined;
  readonly images: readonly ImageInput[];
  readonly env: Env;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly resolve: (runfilesPath: string) => string;
  readonly terminal: Terminal;
  /** Begins the progress of a run: what is drawn, printed and collected of it. */
  readonly startProgress: () => Progress;
  /** A line of results, for programs. */
  readonly print: (line: string) => void;
}

/** A session with a cluster. */
export interface Connected {
  readonly client: KubeClient;
  readonly resources: Resources;
  readonly binding: Binding;
  /** Ends every request, those to come too. */
  readonly cancel: (reason: ToolError) => void;
}

/** Options of {@link openSession}. */
export interface OpenOptions {
  readonly input: PlanInput;
  /** What is run: options that it does not read are refused. Default: it reads all. */
  readonly program?: Program;
  /** The arguments of the command line. */
  readonly args: readonly string[];
  readonly env: Env;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Default: Bazel's runfiles. */
  readonly resolve?: (runfilesPath: string) => string;
  /** Default: that of the process. */
  readonly terminal?: Terminal;
  /** Default: those of the process. */
  readonly streams?: Streams;
  /** Where a pod's service account is. Default: where the kubelet puts it. */
  readonly accountFolder?: string;
}

/** Reads the stack. Throws K8S_USAGE, K8S_PLAN_UNREADABLE, K8S_MIXED_CLUSTERS, K8S_NO_POD, NAMESPACE_RESERVED. */
export async function openSession(open: OpenOptions): Promise<Session> {
  const { input } = open;
  const resolve = open.resolve ?? ((path) => runfile(path, open.env));
  const options = parseOptions([...input.args, ...open.args]);
  if (open.program !== undefined) requireOwnOptions(open.args, open.program);
  const pod = options.isInCluster ? await podAccess(open.env, open.accountFolder ?? ACCOUNT_FOLDER) : undefined;
  // Nobody's name is known in a pod: the namespace that is theirs is the one that the pod is in.
  const isNamed = (open.env['FATHOM_USER'] ?? '') !== '';
  const env = pod === undefined || isNamed ? open.env : { ...open.env, FATHOM_USER: pod.namespace };
  const rendered = await loadSets(input, resolve);
  const person = { env, reserved: input.reservedNamespaces, namespace: isNamed ? undefined : pod?.namespace };
  const sets = personalize(rendered, person);
  refuseSharedInventories(sets);
  const inputs = sets.flatMap(({ objects }) => objects);
  const streams = open.streams ?? processStreams(env);
  const { progress, log } = createOutput({ label: input.label, options, env, log: open.log, streams });
  return {
    input: personalize(input, person),
    options,
    sets,
    personal: sets === rendered ? undefined : personalize(PLACEHOLDER, person),
    connection: oneConnection(input, sets, options),
    pod,
    images: uniqueImages(inputs.flatMap(({ images }) => images)),
    env,
    log,
    signal: open.signal,
    resolve,
    terminal: open.terminal ?? PROCESS_TERMINAL,
    startProgress: progress,
    print: streams.print,
  };
}

// A pause that a person would wonder about.
const SAID_PAUSE_MS = 1000;

/** Connects and asks what the cluster serves. Throws K8S_WRONG_CLUSTER, and K8S_* of kubeconfig and connection. */
export async function connect(session: Session): Promise<Connected> {
  const { signal } = session;
  const access = session.pod ?? (await accessByKubeconfig(session));
  const binding = await bindCluster(session, access);
  const controller = new AbortController();
  const client = createClient(access, {
    // Some more than phases use at once: a renewal of the lock must not wait until a slow webhook has answered them.
    maxConnections: 24,
    signal: AbortSignal.any([signal, controller.signal]),
    onRetry: (error, waitMs) => {
      if (waitMs < SAID_PAUSE_MS) return;
      session.log.warn(`${errorText(error)}; trying again in ${formatDuration(waitMs)}`);
    },
  });
  const cancel = (reason: ToolError) => controller.abort(reason);
  return { client, resources: await discover(client), binding, cancel };
}

function accessByKubeconfig({ connection, options, env, resolve }: Session): Promise<ClusterAccess> {
  const own = connection.kubeconfig === '' ? [] : [resolve(connection.kubeconfig)];
  const files = options.kubeconfig === undefined ? own : [userPath(options.kubeconfig, env)];
  const { context, cluster, user } = connection;
  return findCluster({ env, files, context: options.context ?? context, cluster, user });
}

/** All objects of a stack must go to one cluster: one run is one plan. */
function oneConnection(input: PlanInput, sets: readonly LoadedSet[], options: VerbOptions): Connection {
  const connections = sets.flatMap(({ objects, connection, label }): Pick<ObjectInput, 'connection' | 'label'>[] =>
    objects.length === 0 && connection ? [{ connection, label }] : [...objects],
  );
  const [first] = connections;
  if (first === undefined || (first.connection.context === '' && isEmpty(sets))) {
    throw new ToolError('K8S_EMPTY_STACK', `Reading ${input.label}: there is no object in it`, {
      hint: 'Add objects to the stack, or give it an environment, in which `-- --allow-empty` prunes what it had.',
    });
  }
  const nameOfCluster = ({ context, cluster, user }: Connection) =>
    [options.context ?? context, cluster, user].join(' / ');
  const other = connections.find(({ connection }) => nameOfCluster(connection) !== nameOfCluster(first.connection));
  if (other !== undefined) {
    throw new ToolError(
      'K8S_MIXED_CLUSTERS',
      `Reading ${input.label}: ${first.label} goes to ${nameOfCluster(first.connection)}, ${other.label} to ${nameOfCluster(other.connection)}`,
      { hint: 'Give all objects of a stack the same environment, or make two stacks.' },
    );
  }
  return first.connection;
}

function isEmpty(sets: readonly LoadedSet[]): boolean {
  return sets.every(({ objects }) => objects.length === 0);
}

/** Refuses to prune all of a stack whose objects are gone, perhaps by mistake. Throws K8S_EMPTY_STACK. */
export function requireObjects({ sets, options, input }: Session): void {
  const empty = sets.find(({ objects }) => objects.length === 0);
  if (empty === undefined || options.isEmptyAllowed) return;
  throw new ToolError('K8S_EMPTY_STACK', `Reading ${input.label}: there is no object in ${empty.label}`, {
    hint: 'Add objects to it; `-- --allow-empty` prunes all that it had.',
  });
}

function refuseSharedInventories(sets: readonly LoadedSet[]): void {
  const owners = new Map<string, string>();
  for (const { stack, namespace, label } of sets.filter((set) => set.stack !== '')) {
    const other = owners.get(`${namespace}/${stack}`);
    if (other !== undefined) {
      throw new ToolError(
        'K8S_DUPLICATE_STACK',
        `Reading stacks: ${other} and ${label} are both '${stack}' in ${namespace}`,
        {
          hint: 'Give one of them another name with the attribute stack.',
        },
      );
    }
    owners.set(`${namespace}/${stack}`, label);
  }
}

function uniqueImages(images: readonly ImageInput[]): ImageInput[] {
  return [...new Map(images.map((image) => [imageKey(image), image])).values()];
}
