// The registry as a workload: what it holds, started so that nobody can push, and swept.
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { formatDuration } from '../../lib/log.ts';
import { podsOf } from '../deploy/cause.ts';
import { desiredObjects } from '../deploy/desired.ts';
import { type PlannedObject, isChange } from '../deploy/plan.ts';
import { makePlan } from '../deploy/planner.ts';
import { Progress } from '../deploy/progress.ts';
import type { Connected, Session } from '../deploy/session.ts';
import { waitReady } from '../deploy/wait.ts';
import { execInPod } from '../forward/exec.ts';
import { type KubeClient, createClient } from '../kube/client.ts';
import { applyObject } from '../kube/objects.ts';
import { type KubeObject, asList, at, nameOf, textAt } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { containersOf, podSpecOf } from '../model/pod_spec.ts';
import type { GcSettings } from './settings.ts';

/** How a registry is reached where its storage is. */
export interface RegistryHost {
  /** The lines of `registry inventory`. */
  inventory(): Promise<string>;
  /** Undoes what a collection that was killed has left. Throws K8S_REGISTRY_CHANGED where it is another registry than the stack's. */
  prepare(): Promise<void>;
  /** Starts it with the other configuration; resolves when no process with the former one is left. */
  start(mode: 'read-only' | 'writable', signal: AbortSignal): Promise<void>;
  /** Deletes the blobs that no manifest names. It must be read-only. */
  sweep(): Promise<void>;
}

const INVENTORY_WITHIN_MS = 600_000;
const SWEEP_WITHIN_MS = 1_800_000;
const LOOK_EVERY_MS = 300;

interface RunOptions {
  readonly doing: string;
  readonly withinMs: number;
  /** Whether it may be run in this pod. Default: always. */
  readonly isSafe?: (pod: KubeObject) => boolean;
}

/** The registry of a Deployment. */
export function createPodHost(session: Session, connected: Connected, settings: GcSettings): RegistryHost {
  const { program, config, readOnlyConfig } = settings;
  const readOnlySets = session.sets.map((set) => withConfig(set, settings));
  const deploymentOf = <T extends { readonly object: KubeObject }>({ objects }: { objects: readonly T[] }): T => {
    const found = objects.find(({ object }) => isDeployment(object, settings));
    if (found !== undefined) return found;
    throw changed(`${session.input.label} has no Deployment ${settings.deployment}`);
  };
  const run = async (words: readonly string[], { doing, withinMs, isSafe = () => true }: RunOptions) => {
    const { client, resources } = connected;
    // As it is wanted: who only looks needs no right to apply it.
    const wanted = desiredObjects(session.sets, { resources, defaultNamespace: client.access.namespace });
    const deployment = deploymentOf({ objects: wanted }).object;
    const pod = await onlyPod(client, deployment);
    if (!isSafe(pod)) throw changed(`pod ${pod.metadata.name} takes pushes`);
    return execInPod(client, {
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      container: containerOf(deployment, settings),
      command: [program, ...words],
      doing,
      signal: AbortSignal.any([session.signal, AbortSignal.timeout(withinMs)]),
    });
  };

  /** The pod that runs. One that was deleted, or whose collection was killed, is just being started anew: it is waited for. */
  const onlyPod = async (client: KubeClient, deployment: KubeObject): Promise<KubeObject> => {
    const deadlineMs = performance.now() + session.options.timeoutMs;
    for (;;) {
      const pods = (await podsOf(client, deployment)).filter(isRunning);
      const [pod] = pods;
      // Several have one volume among them: a second one might be of another mode.
      if (pod !== undefined && pods.length === 1) return pod;
      if (performance.now() >= deadlineMs) throw changed(`it has ${pods.length} pods that run, not one`);
      await sleep(LOOK_EVERY_MS, undefined, { signal: session.signal }).catch(() => session.signal.throwIfAborted());
    }
  };

  const start = async (planned: PlannedObject, { client, signal }: { client: KubeClient; signal: AbortSignal }) => {
    const { resource, object } = planned;
    const { timeoutMs } = session.options;
    const deadlineMs = performance.now() + timeoutMs;
    // As an apply of the stack writes it, so that the next apply puts back what a killed collection has left.
    const live = await applyObject(client, { resource, object }, { isDryRun: false, isForced: false });
    const target = { resource, object: live };
    await waitReady([target], { client, progress: new Progress([]), signal, deadlineMs, timeoutMs });
    const wanted = argumentsOf(object, settings);
    for (;;) {
      const pods = (await podsOf(client, live)).filter((pod) => !isOver(pod));
      const others = pods.filter((pod) => JSON.stringify(argumentsOf(pod, settings)) !== JSON.stringify(wanted));
      if (others.length === 0 && pods.some(isRunning)) return;
      if (performance.now() >= deadlineMs) {
        throw new ToolError(
          'K8S_NOT_READY',
          `Starting ${nameOf(object)} anew: its former pods are still there after ${formatDuration(timeoutMs)}`,
          { hint: 'See what holds them with `.status` of the stack; `-- --timeout 10m` waits longer.' },
        );
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };

  return {
    inventory: () =>
      run(['inventory', config], { doing: 'Listing what the registry holds', withinMs: INVENTORY_WITHIN_MS }),
    async sweep() {
      // A pod stays what it was started as: whoever starts the registry anew meanwhile ends the sweep with its pod.
      const isSafe = (pod: KubeObject) => JSON.stringify(argumentsOf(pod, settings)).includes(readOnlyConfig);
      const words = ['garbage-collect', '--quiet', config];
      await run(words, { doing: 'Deleting blobs that nothing names', withinMs: SWEEP_WITHIN_MS, isSafe });
    },
    async prepare() {
      const plan = await makePlan(session, connected, { sets: session.sets });
      const changes = plan.objects.filter(({ action }) => isChange(action));
      if (changes.length === 0) return;
      const deployment = deploymentOf(plan);
      const isOurs = changes.length === 1 && changes[0] === deployment;
      const left = isOurs ? await makePlan(session, connected, { sets: readOnlySets }) : undefined;
      if (left === undefined || left.objects.some(({ action }) => isChange(action))) {
        throw changed(
          `${changes.map(({ object, action }) => `${nameOf(object)} (${action})`).join(', ')} would change`,
        );
      }
      session.log.warn('the registry is read-only, as a collection was cut off: it is started as it should be');
      await start(deployment, { client: connected.client, signal: session.signal });
    },
    async start(mode, signal) {
      // The session's own client ends with its signal, and what was stopped must still be started again.
      const client = createClient(connected.client.access, { signal });
      try {
        const sets = mode === 'read-only' ? readOnlySets : session.sets;
        const plan = await makePlan({ ...session, signal }, { ...connected, client }, { sets });
        await start(deploymentOf(plan), { client, signal });
      } finally {
        client.close();
      }
    },
  };

  function changed(problem: string): ToolError {
    return new ToolError('K8S_REGISTRY_CHANGED', `Collecting images of ${settings.registry}: ${problem}`, {
      hint: `Apply the registry first (\`bazel run ${session.input.label}.apply\`), or check out what is deployed. Its Deployment must start it with ${config}, and have ${readOnlyConfig} beside that.`,
    });
  }
}

function isDeployment({ kind, metadata }: KubeObject, { deployment }: GcSettings): boolean {
  return kind === 'Deployment' && metadata.name === deployment;
}

function isRunning(pod: KubeObject): boolean {
  return textAt(pod, 'status', 'phase') === 'Running' && pod.metadata.deletionTimestamp === undefined;
}

/** Whether its containers have ended for good; such pods may be listed for long. */
function isOver(pod: KubeObject): boolean {
  return ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase') ?? '');
}

/** The containers that are started with one of the two files. */
function registryContainers(object: KubeObject, { config, readOnlyConfig }: GcSettings): readonly unknown[] {
  return containersOf(podSpecOf(object)).filter((container) => {
    const words = asList(at(container, 'args'));
    return words.includes(config) || words.includes(readOnlyConfig);
  });
}

function argumentsOf(object: KubeObject, settings: GcSettings): unknown {
  return registryContainers(object, settings).map((container) => at(container, 'args'));
}

function containerOf(object: KubeObject, settings: GcSettings): string {
  return textAt(registryContainers(object, settings)[0], 'name') ?? '';
}

/** The set with its registry read-only. */
function withConfig(set: LoadedSet, settings: GcSettings): LoadedSet {
  const { config, readOnlyConfig } = settings;
  const change = (object: KubeObject): KubeObject => {
    if (!isDeployment(object, settings)) return object;
    const changed = structuredClone(object) as KubeObject;
    for (const container of registryContainers(changed, settings)) {
      const words = asList(at(container, 'args')).map((word) => (word === config ? readOnlyConfig : word));
      (container as { args: readonly unknown[] }).args = words;
    }
    return changed;
  };
  return { ...set, objects: set.objects.map((input) => ({ ...input, objects: input.objects.map(change) })) };
}
