// What the end-to-end tests do to a running cluster: run verbs as a named person, and look at what is there.
import { spawn } from 'node:child_process';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { readClusterState } from '../../../tools/lib/state.ts';
import { eventually as eventuallyOf } from '../../../tools/lib/testing/eventually.ts';
import { personalNamespace } from '../../../tools/lib/user.ts';

/** What came of a program. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A person with a namespace of their own. */
export interface Person {
  readonly namespace: string;
  /** Runs a verb's executable: `services/routeguide/client/myns-deep.apply`. */
  verb(name: string, ...args: readonly string[]): Promise<Outcome>;
}

/** The person whose namespace a k8s_test has made. */
export function testPerson(): Person {
  const user = process.env['FATHOM_USER'] ?? '';
  const namespace = process.env['FATHOM_TEST_NAMESPACE'];
  if (namespace === undefined || namespace !== user) throw new Error('run this through its k8s_test');
  return personOf(user);
}

/** A person whose name no other test has. */
export function person(name: string): Person {
  return personOf(`e2e-${name}-${process.pid}`);
}

function personOf(user: string): Person {
  const env = { ...process.env, FATHOM_USER: user };
  return {
    namespace: personalNamespace({ env }),
    verb: (verb, ...args) => execute(runfile(`fathom/${verb}`), args, { env }),
  };
}

/** Runs the matching kubectl against the test cluster; rejects when it fails. */
export const kubectl = (...args: readonly string[]): Promise<string> => runKubectl(args);

/** Makes objects in the test cluster. */
export async function createObjects(items: readonly object[]): Promise<void> {
  await runKubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

async function runKubectl(args: readonly string[], input?: string): Promise<string> {
  const state = await readClusterState('fathom');
  if (state === undefined) throw new Error('no cluster is up in FATHOM_STATE: run these tests through `./fathom test`');
  const outcome = await execute(runfile('go_kubernetes/bin/kubernetes'), ['kubectl', ...args], {
    env: { ...process.env, KUBECONFIG: state.kubeconfig },
    ...(input === undefined ? {} : { input }),
  });
  if (outcome.status !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${outcome.status}\n${outcome.stderr}`);
  return outcome.stdout;
}

/** An object as JSON. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly uid: string;
    readonly namespace?: string;
  };
}

/** All objects of the kinds that a stack makes in a namespace, without what Kubernetes itself keeps writing. */
export async function objectsOf(namespace: string): Promise<readonly KubernetesObject[]> {
  const kinds =
    'deployments,statefulsets,services,configmaps,secrets,serviceaccounts,persistentvolumeclaims,poddisruptionbudgets,networkpolicies';
  const list: { items: KubernetesObject[] } = JSON.parse(await kubectl('get', kinds, '-n', namespace, '-o', 'json'));
  return list.items;
}

/** `kind/name` → resourceVersion; of a disruption budget, whose status follows its pods, the generation. */
export function versions(objects: readonly KubernetesObject[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objects.map(({ kind, metadata }) => [
      `${kind}/${metadata.name}`,
      kind === 'PodDisruptionBudget' ? String(metadata.generation) : metadata.resourceVersion,
    ]),
  );
}

/** The lines of a Deployment's pods, those that are JSON objects. */
export async function logOf(
  namespace: string,
  deployment: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await kubectl('logs', '-n', namespace, `deployment/${deployment}`, '--tail=200');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Waits as long as pods may take to start. */
export const eventually = <T>(what: string, check: () => Promise<T | undefined>, timeoutMs = 90_000): Promise<T> =>
  eventuallyOf(what, check, timeoutMs, 500);

async function execute(
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Outcome> {
  const { env, input } = options;
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: 300_000 });
  // Who ends without having read it all says why. Without input there is nothing to read.
  child.stdin.on('error', () => undefined).end(input);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { status, ...output };
}
