// What a verb would do, told without doing it: nothing is pushed, locked or written.
import { mapLimited } from '../../lib/limit.ts';
import { withoutHidden } from '../../lib/redact.ts';
import { withDigests } from '../model/images.ts';
import { groupKind } from '../model/object.ts';
import { fieldChanges, redactChange } from './changes.ts';
import { changedKinds } from './definitions.ts';
import { requireExistence } from './existence.ts';
import { type Plan, type PlannedObject, isChange } from './plan.ts';
import { makePlan } from './planner.ts';
import { readImages } from './push.ts';
import { putInPlace } from './replace.ts';
import { colorsFor, diffLines } from './report.ts';
import { type Connected, type Session, connect } from './session.ts';
import { secretsOf } from './stack_secrets.ts';

const CONCURRENCY = 16;

/** Connects, and prints what `plan` would do. */
export async function dryRun(
  session: Session,
  plan: (connected: Connected) => Promise<readonly PlannedObject[]>,
): Promise<void> {
  const connected = await connect(session);
  try {
    printDifferences(session, await plan(connected), (line) => session.print(withoutHidden(line)));
    session.log.info(`${session.input.label}: a dry run, nothing was changed`);
  } finally {
    connected.client.close();
  }
}

/** The session with the secrets that need no cluster: who cannot read them need not wait for it. */
export async function withReadSecrets(session: Session): Promise<Session> {
  return { ...session, sets: await secretsOf(session, session.sets) };
}

/** What an apply of the stack as it was built would do. Only reads. */
export async function planStack(session: Session, connected: Connected): Promise<Plan> {
  const [filled, images] = await Promise.all([secretsOf(session, session.sets, connected.client), readImages(session)]);
  return makePlan(session, connected, { sets: withDigests(filled, images.digests) });
}

/** What apply, create or replace would do. Only reads. Throws as they do before they begin. */
export async function planApply(
  session: Session,
  connected: Connected,
  verb: 'apply' | 'create' | 'replace',
): Promise<readonly PlannedObject[]> {
  const plan = await planStack(session, connected);
  if (verb === 'apply') return differencesOf(plan);
  requireExistence(plan, verb);
  if (verb === 'create') return differencesOf(plan);
  // What a plan says of an object leaves out the fields of others, which a replacement takes away. By the definition that
  // it has now the server may refuse it.
  const changing = changedKinds(plan.objects);
  const objects = await mapLimited(plan.objects, CONCURRENCY, async (one) =>
    changing.has(groupKind(one.object)) ? one : asReplaced(one, session, connected),
  );
  return differencesOf({ ...plan, objects });
}

async function asReplaced(one: PlannedObject, { signal }: Session, { client }: Connected): Promise<PlannedObject> {
  const { action, live } = one;
  if (live === undefined || ['prune', 'keep', 'recreate'].includes(action)) return one;
  const { before, after } = await putInPlace(client, one, { live, signal, isDryRun: true });
  const changes = fieldChanges(before, after);
  return { ...one, action: changes.length === 0 ? 'unchanged' : 'update', changes };
}

/** What of a plan changes an object. */
export function differencesOf({ namespaces, objects }: Plan): readonly PlannedObject[] {
  return [...namespaces, ...objects].filter(({ action }) => isChange(action) && action !== 'adopt');
}

/** Prints objects that differ, as lines for people or as one for programs; the last line has their number. */
export function printDifferences(
  { options, input, env }: Session,
  objects: readonly PlannedObject[],
  print: (line: string) => void,
): void {
  const differences = objects.filter(({ action }) => isChange(action));
  if (options.output === 'json') {
    print(JSON.stringify({ label: input.label, differences: differences.map(differenceData) }));
  } else {
    const colors = colorsFor(process.stdout, env);
    for (const one of objects) for (const line of diffLines(one, colors)) print(line);
  }
  print(`fathom: ${differences.length} differences`);
}

/** A difference as programs read it; values of Secrets are hidden, as they are from people. */
function differenceData({ action, object, changes, label, set }: PlannedObject) {
  const { apiVersion, kind, metadata } = object;
  return {
    action,
    object: { apiVersion, kind, namespace: metadata.namespace, name: metadata.name },
    label,
    set,
    changes: changes.map((change) => redactChange(object, change)),
  };
}
