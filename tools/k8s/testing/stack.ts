// Runs verbs on stacks that a test writes down as data, against an API server.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal } from '../deploy/confirm.ts';
import type { Streams } from '../deploy/output.ts';
import { type Session, openSession } from '../deploy/session.ts';
import type { KubeObject } from '../model/object.ts';
import type { Guard, ImageInput, PersonalInput, PinnedImage, PlanInput, SecretFile } from '../model/plan_input.ts';
import type { ApiServer } from './apiserver.ts';

/** A stack as data. */
export interface TestStack {
  /** The stack's name as one that asks for its members. Default: that of the last set. */
  readonly root?: string;
  readonly sets: readonly TestSet[];
  /** Arguments of the command line. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly context?: string;
  /** What is said of personal namespaces. Default: nothing. */
  readonly personal?: PersonalInput;
  /** Namespaces of environments. Default: `prod` and the placeholder. */
  readonly reserved?: readonly string[];
  readonly cluster?: string;
  /** Default: the server's, beside the objects. */
  readonly kubeconfig?: string;
  /** Where the service account of the pod is, for `--in-cluster`. */
  readonly accountFolder?: string;
  /** Called for each line that is logged. */
  readonly onLine?: (line: string) => void;
  /** Default: ends after two minutes. */
  readonly signal?: AbortSignal;
  /** Where a person can be asked. Default: nowhere. */
  readonly terminal?: Terminal;
  /** Default: nothing is drawn, and what is printed is dropped. */
  readonly streams?: Partial<Streams>;
}

export interface TestSet {
  /** Empty: objects applied alone. */
  readonly stack: string;
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
  /** Default: the stack's. */
  readonly context?: string;
  readonly images?: readonly ImageInput[];
  readonly pinned?: readonly PinnedImage[];
  /** Encrypted files. Default: none. */
  readonly secrets?: readonly SecretFile[];
  /** Default: no environment, not protected. */
  readonly guard?: Guard;
}

const NOBODY: Terminal = { isInteractive: false, ask: async () => '' };
const NO_STREAMS: Streams = { print: () => {}, printError: () => {}, screen: undefined };
const NO_GUARD: Guard = { environment: '', isProtected: false, caSha256: '' };

/** A session and all that it logged. */
export interface TestSession {
  readonly session: Session;
  readonly lines: string[];
}

/** Opens a session for a verb, as the build would hand it over; `use` may only read files while it runs. */
export async function withSession<T>(
  server: Pick<ApiServer, 'kubeconfig' | 'context'>,
  stack: TestStack,
  use: (opened: TestSession) => Promise<T>,
): Promise<T> {
  return withPlan(server, stack, async ({ input, folder, env }) => {
    const lines: string[] = [];
    const push = (line: string) => {
      lines.push(line);
      stack.onLine?.(line);
    };
    const session = await openSession({
      input,
      args: stack.args ?? [],
      env,
      log: { info: push, warn: push, error: push },
      signal: stack.signal ?? AbortSignal.timeout(120_000),
      resolve: (path) => join(folder, path),
      terminal: stack.terminal ?? NOBODY,
      streams: { ...NO_STREAMS, ...stack.streams },
      ...(stack.accountFolder === undefined ? {} : { accountFolder: stack.accountFolder }),
    });
    return use({ session, lines });
  });
}

/** A stack as the build hands it over, in a folder. */
export interface TestPlan {
  readonly input: PlanInput;
  /** Where the files are that the plan names. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Writes a stack's files, which are gone once `use` is done. */
export async function withPlan<T>(
  server: Pick<ApiServer, 'kubeconfig' | 'context'>,
  stack: TestStack,
  use: (plan: TestPlan) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-stack-'));
  try {
    const sets = await Promise.all(
      stack.sets.map((set, index) => writeSet(set, `${index}`, { folder, server, stack })),
    );
    const input: PlanInput = {
      version: 1,
      label: '//test:stack',
      root: stack.root ?? stack.sets.at(-1)?.stack ?? '',
      reservedNamespaces: stack.reserved ?? ['prod', 'myns-placeholder'],
      personal: stack.personal ?? null,
      sets,
      args: [],
    };
    const env = { FATHOM_USER: 'ada', HOME: folder, FATHOM_STATE: join(folder, 'state'), ...stack.env };
    return await use({ input, folder, env });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly server: Pick<ApiServer, 'kubeconfig' | 'context'>;
  readonly stack: TestStack;
}

async function writeSet(set: TestSet, name: string, { folder, server, stack }: Place) {
  const { stack: setName, namespace, guard = NO_GUARD, images = [], pinned = [], secrets = [], objects } = set;
  const file = `${name}.object.json`;
  const label = `//test:${setName || 'object'}`;
  const context = set.context ?? stack.context ?? server.context;
  const connection = {
    cluster: stack.cluster ?? '',
    context,
    namespace,
    user: '',
    kubeconfig: stack.kubeconfig ?? 'kubeconfig',
  };
  const input = { version: 1, label, connection, guard, images, pinned, secrets, objects };
  await writeFile(join(folder, file), JSON.stringify(input));
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(await readJson(server.kubeconfig)));
  return { label, stack: setName, namespace, connection, guard, objects: objects.length === 0 ? [] : [file] };
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
