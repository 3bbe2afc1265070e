// diff: prints what apply would change. Pushes and writes nothing.
import { renderError } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { withoutHidden } from '../../lib/redact.ts';
import { differencesOf, planStack, printDifferences, withReadSecrets } from '../deploy/dry_run.ts';
import type { PlannedObject } from '../deploy/plan.ts';
import { type Session, connect } from '../deploy/session.ts';

/** Prints the differences. The exit code: 0 none, 1 some, 2 an error; the last line says it, too. */
export async function diffVerb(
  open: () => Promise<Session>,
  print: (line: string) => void = (line) => process.stdout.write(`${withoutHidden(line)}\n`),
): Promise<number> {
  try {
    const session = await withReadSecrets(await open());
    const differences = await readDifferences(session);
    printDifferences(session, differences, print);
    return differences.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    process.stderr.write(`${renderError(error)}\n`);
    print(`fathom: error ${error.code}`);
    return 2;
  }
}

async function readDifferences(session: Session): Promise<readonly PlannedObject[]> {
  const connected = await connect(session);
  try {
    return differencesOf(await planStack(session, connected));
  } finally {
    connected.client.close();
  }
}
