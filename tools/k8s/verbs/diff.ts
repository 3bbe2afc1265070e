// diff: prints what apply would change. Pushes and writes nothing.
import { renderError } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { withoutHidden } from '../../lib/redact.ts';
import { redactChange } from '../deploy/changes.ts';
import { type PlannedObject, isChange } from '../deploy/plan.ts';
import { makePlan } from '../deploy/planner.ts';
import { readImages } from '../deploy/push.ts';
import { colorsFor, diffLines } from '../deploy/report.ts';
import { type Session, connect } from '../deploy/session.ts';
import { secretsOf } from '../deploy/stack_secrets.ts';
import { withDigests } from '../model/images.ts';

/** Prints the differences. The exit code: 0 none, 1 some, 2 an error; the last line says it, too. */
export async function diffVerb(
  open: () => Promise<Session>,
  print: (line: string) => void = (line) => process.stdout.write(`${withoutHidden(line)}\n`),
): Promise<number> {
  try {
    const session = await open();
    const differences = await differencesOf(session);
    if (session.options.output === 'json') {
      print(JSON.stringify({ label: session.input.label, differences: differences.map(differenceData) }));
    } else {
      const colors = colorsFor(process.stdout, session.env);
      for (const one of differences) for (const line of diffLines(one, colors)) print(line);
    }
    print(`fathom: ${differences.length} differences`);
    return differences.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    process.stderr.write(`${renderError(error)}\n`);
    print(`fathom: error ${error.code}`);
    return 2;
  }
}

async function differencesOf(session: Session): Promise<readonly PlannedObject[]> {
  const read = await secretsOf(session, session.sets);
  const [connected, images] = await Promise.all([connect(session), readImages(session)]);
  try {
    const filled = await secretsOf(session, read, connected.client);
    const plan = await makePlan(session, connected, withDigests(filled, images.digests));
    return [...plan.namespaces, ...plan.objects].filter(({ action }) => isChange(action) && action !== 'adopt');
  } finally {
    connected.client.close();
  }
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
