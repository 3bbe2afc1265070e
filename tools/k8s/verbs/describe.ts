// describe: prints each object's state, what it is made of, its warnings and its pods.
import { mapLimited } from '../../lib/limit.ts';
import { causesOf, podsOf } from '../deploy/cause.ts';
import { desiredObjects } from '../deploy/desired.ts';
import { type Connected, type Session, connect } from '../deploy/session.ts';
import { getObject } from '../kube/objects.ts';
import { type KubeObject, asList, at, nameOf, textAt } from '../model/object.ts';
import { imagesOf } from '../model/pod_spec.ts';
import { statusOf } from '../readiness/readiness.ts';
import { podTrouble } from '../readiness/workloads.ts';

const CONCURRENCY = 16;

/** Prints the live objects of the stack. Changes nothing. */
export async function describeVerb(
  session: Session,
  print: (text: string) => void = (text) => process.stdout.write(`${text}\n`),
): Promise<void> {
  const connected = await connect(session);
  try {
    const wanted = desiredObjects(session.sets, {
      resources: connected.resources,
      defaultNamespace: connected.client.access.namespace,
      unknownKinds: 'absent',
    });
    const blocks = await mapLimited(wanted, CONCURRENCY, async (one) => {
      const live = one.isServed ? await getObject(connected.client, one) : undefined;
      return live === undefined ? [`${nameOf(one.object)}: is not there`] : describe(live, connected);
    });
    print(blocks.map((lines) => lines.join('\n')).join('\n\n'));
  } finally {
    connected.client.close();
  }
}

async function describe(live: KubeObject, { client }: Connected): Promise<string[]> {
  const status = statusOf(live);
  const isReady = status.state === 'current';
  const [pods, causes] = await Promise.all([podsOf(client, live), isReady ? [] : causesOf(client, live)]);
  const conditions = asList(at(live, 'status', 'conditions')).map((condition) => {
    const reason = [textAt(condition, 'reason'), textAt(condition, 'message')].filter(Boolean).join(': ');
    return `  condition  ${textAt(condition, 'type')}=${textAt(condition, 'status')}${reason === '' ? '' : `  ${reason}`}`;
  });
  return [
    `${nameOf(live)}: ${isReady ? 'ready' : `${status.state}: ${status.message}`}`,
    `  created    ${live.metadata.creationTimestamp ?? 'unknown'}, generation ${live.metadata.generation ?? 'none'}`,
    ...imagesOf(live).map((image) => `  image      ${image}`),
    ...conditions,
    ...pods.map((pod) => `  pod        ${pod.metadata.name}: ${podLine(pod)}`),
    ...causes.map((cause) => `  cause      ${cause}`),
  ];
}

function podLine(pod: KubeObject): string {
  const node = textAt(pod, 'spec', 'nodeName');
  const trouble = podTrouble(pod);
  const phase = textAt(pod, 'status', 'phase') ?? 'Unknown';
  return `${phase}${node === undefined ? '' : ` on ${node}`}${trouble === undefined ? '' : `, ${trouble}`}`;
}
