// rollback: puts back the objects that a stack had before its last apply.
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { applySets } from '../deploy/apply_sets.ts';
import { placeKey } from '../deploy/applyset.ts';
import { differencesOf, dryRun } from '../deploy/dry_run.ts';
import { type History, type Revision, originOf, revisionBefore } from '../deploy/history.ts';
import { withLock } from '../deploy/locked.ts';
import { finish, withProgress } from '../deploy/output.ts';
import { makePlan } from '../deploy/planner.ts';
import { type Restored, historyOf } from '../deploy/record.ts';
import { type Session, connect } from '../deploy/session.ts';
import { secretsOf } from '../deploy/stack_secrets.ts';
import { alignRows } from '../deploy/table.ts';
import type { KubeClient } from '../kube/client.ts';
import type { LoadedSet, ObjectInput } from '../model/plan_input.ts';

interface SetHistory {
  readonly set: LoadedSet;
  readonly history: History;
}

/** Undoes the last run on the stack, in each set that it changed. Throws K8S_NO_REVISION and errors of apply. */
export async function rollbackVerb(
  session: Session,
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<void> {
  if (session.options.rollback.isListing) return printRevisions(session, print);
  if (session.options.isDryRun) {
    return dryRun(session, async (connected) => {
      const { sets } = await chooseSets(session, connected.client);
      return differencesOf(await makePlan(session, connected, { sets, isRestoring: true }));
    });
  }
  await withProgress(session, (progress) =>
    withLock(session, progress, async (run) => {
      const chosen = await chooseSets(session, run.connected.client);
      const options = { ...run, progress, verb: 'rollback', push: undefined, ...chosen } as const;
      finish(session, progress, await applySets(session, options));
    }),
  );
}

/** The sets as they were, and as which revisions. */
async function chooseSets(
  session: Session,
  client: KubeClient,
): Promise<{ readonly sets: readonly LoadedSet[]; readonly restored: Restored }> {
  const chosen = chooseRevisions(await readHistories(session, client), session);
  for (const { set, revision } of chosen) {
    session.log.info(`restoring ${placeKey(set)}: revision ${revision.number}, ${origin(revision)}`);
  }
  const restored = new Map(chosen.map(({ set, revision }) => [placeKey(set), originOf(revision)]));
  const sets = chosen.map(({ set }) => set);
  // What was recorded has references: a secret that was changed since is not put back.
  return { sets: await secretsOf(session, sets, client), restored };
}

async function readHistories(session: Session, client: KubeClient): Promise<SetHistory[]> {
  const sets = session.sets.filter(({ stack }) => stack !== '');
  const histories = await mapLimited(sets, 8, async (set) => ({ set, history: await historyOf(client, set) }));
  return histories.flatMap(({ set, history }) =>
    history === undefined || history.revisions.length === 0 ? [] : [{ set, history }],
  );
}

interface Chosen {
  /** The set with the revision's objects. */
  readonly set: LoadedSet;
  readonly revision: Revision;
}

function chooseRevisions(histories: readonly SetHistory[], session: Session): Chosen[] {
  const { to } = session.options.rollback;
  const label = session.input.label;
  if (to !== undefined) return [chooseNumber(histories, to, label)];
  const newest = histories
    .map(({ history }) => history.revisions.at(-1))
    .filter((revision) => revision !== undefined)
    .sort((a, b) => b.when.localeCompare(a.when))[0];
  const affected = histories.filter(({ history }) => history.revisions.at(-1)?.run === newest?.run);
  const chosen = affected.flatMap((one) => {
    const revision = revisionBefore(one.history);
    if (revision === undefined)
      session.log.warn(`${placeKey(one.set)}: there is no revision before its last: it stays`);
    return revision === undefined ? [] : [restore(one, revision, label)];
  });
  if (chosen.length > 0) return chosen;
  throw new ToolError('K8S_NO_REVISION', `Rolling ${label} back: no revision before the last apply is known`, {
    hint: 'See what is known with `-- --list`; objects that are applied alone have no history.',
  });
}

function chooseNumber(histories: readonly SetHistory[], to: number, label: string): Chosen {
  const [only, ...others] = histories;
  if (only === undefined || others.length > 0) {
    const count = histories.length === 0 ? 'no stack' : `${histories.length} stacks, each`;
    throw new ToolError('K8S_USAGE', `Rolling ${label} back to revision ${to}: it has ${count} with a history`, {
      hint: 'Use --to with the shallow stack of one service.',
    });
  }
  const revision = only.history.revisions.find(({ number }) => number === to);
  if (revision !== undefined) return restore(only, revision, label);
  const known = only.history.revisions.map(({ number }) => number).join(', ');
  throw new ToolError('K8S_NO_REVISION', `Rolling ${label} back: there is no revision ${to}, only ${known}`, {
    hint: 'See them with `-- --list`.',
  });
}

/** The set as the revision has it. */
function restore({ set, history }: SetHistory, revision: Revision, label: string): Chosen {
  const objects = history.objects.get(revision.number);
  // A set whose manifests are gone by now says itself where it goes.
  const { connection, guard } = set.objects[0] ?? set;
  if (objects === undefined || !connection || !guard) {
    throw new ToolError(
      'K8S_NO_REVISION',
      `Rolling ${label} back: the objects of revision ${revision.number} are not kept, as they did not fit into a Secret`,
      { hint: `Check out commit ${revision.commit ?? 'of that time'} and apply it, or split the stack.` },
    );
  }
  const from = `revision ${revision.number} of ${placeKey(set)}`;
  const secrets = set.objects.flatMap((input) => input.secrets ?? []);
  const input: ObjectInput = { version: 1, label: from, connection, guard, images: [], secrets, objects };
  return { revision, set: { ...set, objects: [input] } };
}

function origin({ who, when, commit, isDirty }: Revision): string {
  const code =
    commit === undefined ? '' : ` of commit ${commit.slice(0, 12)}${isDirty === true ? ' with changes' : ''}`;
  return `by ${who} at ${when}${code}`;
}

const HEAD = ['stack', 'revision', 'state', 'verb', 'when', 'who', 'commit', 'objects', 'images'] as const;

async function printRevisions(session: Session, print: (line: string) => void): Promise<void> {
  const { client } = await connect(session);
  try {
    const histories = await readHistories(session, client);
    if (session.options.output === 'json') {
      print(
        JSON.stringify(histories.map(({ set, history }) => ({ set: placeKey(set), revisions: history.revisions }))),
      );
      return;
    }
    const rows = histories.flatMap(({ set, history }) =>
      history.revisions.map((revision) => [
        placeKey(set),
        `${revision.number}`,
        revision.state,
        revision.restores === undefined ? revision.verb : `${revision.verb} to ${revision.restores}`,
        revision.when,
        revision.who,
        `${revision.commit?.slice(0, 12) ?? '-'}${revision.isDirty === true ? '+' : ''}`,
        `${history.objects.get(revision.number)?.length ?? 'not kept'}`,
        `${revision.images.length}`,
      ]),
    );
    for (const line of alignRows([HEAD, ...rows])) print(line);
  } finally {
    client.close();
  }
}
