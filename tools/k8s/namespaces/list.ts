// namespaces: prints the personal namespaces of a cluster.
import { type Session, connect } from '../deploy/session.ts';
import { NAMESPACES } from '../deploy/personal_namespace.ts';
import { ageOf, alignRows } from '../deploy/table.ts';
import { type KubeClient } from '../kube/client.ts';
import { listObjects } from '../kube/objects.ts';
import { SELECTOR, type Verdict, judge } from './verdict.ts';

/** All that say they are personal ones, by name. */
export async function readVerdicts(session: Session, client: KubeClient): Promise<readonly Verdict[]> {
  const namespaces = await listObjects(client, NAMESPACES, { labelSelector: SELECTOR });
  const verdicts = namespaces.map((one) => judge(one, client.nowMs(), session.input.reservedNamespaces));
  return verdicts.toSorted((a, b) => (a.namespace.metadata.name < b.namespace.metadata.name ? -1 : 1));
}

const HEAD = ['namespace', 'owner', 'age', 'state', 'why'] as const;
const WORDS = { kept: 'in use', gone: 'to collect', ending: 'ending', foreign: 'left alone' } as const;

/** The lines of a table. */
export function tableOf(verdicts: readonly Verdict[], nowMs: number): readonly string[] {
  const rows = verdicts.map(({ namespace, owner, state, reason }) => {
    const { name, creationTimestamp } = namespace.metadata;
    return [name, owner, ageOf(creationTimestamp, nowMs), WORDS[state], reason];
  });
  return alignRows([HEAD, ...rows]);
}

/** Prints the personal namespaces; `--output=json` as one line. */
export async function listVerb(session: Session): Promise<void> {
  const { client } = await connect(session);
  try {
    const verdicts = await readVerdicts(session, client);
    printVerdicts(session, client, verdicts);
  } finally {
    client.close();
  }
}

/** Prints verdicts as the options want them. */
export function printVerdicts(session: Session, client: KubeClient, verdicts: readonly Verdict[]): void {
  if (session.options.output === 'json') {
    const data = verdicts.map(({ namespace, owner, state, reason }) => {
      return { name: namespace.metadata.name, owner, state, reason };
    });
    session.print(JSON.stringify({ namespaces: data }));
    return;
  }
  if (verdicts.length === 0) session.log.info('there are no personal namespaces');
  else for (const line of tableOf(verdicts, client.nowMs())) session.print(line);
}
