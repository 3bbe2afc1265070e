// logs: the lines of all containers of the stack's pods, each with its pod in front.
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { podsOf } from '../deploy/cause.ts';
import { desiredObjects } from '../deploy/desired.ts';
import { type LogSource, followLogs, printLogs, sourcesOf } from '../deploy/pod_logs.ts';
import { colorsFor } from '../deploy/report.ts';
import { type Connected, type Session, connect } from '../deploy/session.ts';
import { getObject } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import { podSpecOf } from '../model/pod_spec.ts';

/** Prints logs. Throws K8S_NO_PODS where the stack runs none and is not followed. */
export async function logsVerb(
  session: Session,
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<void> {
  const connected = await connect(session);
  const { client } = connected;
  const { signal, log, env } = session;
  const colors = colorsFor(process.stdout, env);
  try {
    const listPods = () => podsOfStack(session, connected);
    const pods = await listPods();
    // What tells containers apart is as short as it can be.
    const busy = new Set(pods.filter((pod) => sourcesOf([pod]).length > 1).map(({ metadata }) => metadata.name));
    const nameOf = ({ pod, container }: LogSource) => (busy.has(pod) ? `${pod}/${container}` : pod);
    const options = {
      ...session.options.logs,
      client,
      signal,
      onLine: (source: LogSource, line: string) => print(`${colors.faint(`${nameOf(source)} |`)} ${line}`),
      onUnreadable: (source: LogSource, reason: string) => log.warn(`${nameOf(source)}: no log: ${reason}`),
    };
    if (options.isFollowing) await followLogs(listPods, options);
    if (pods.length === 0) {
      throw new ToolError('K8S_NO_PODS', `Reading the logs of ${session.input.label}: it has no pods`, {
        hint: 'See with .status whether it is applied, or wait for pods with `-- --follow`.',
      });
    }
    await printLogs(pods, options);
  } finally {
    client.close();
  }
}

async function podsOfStack(session: Session, { client, resources }: Connected): Promise<KubeObject[]> {
  const wanted = desiredObjects(session.sets, {
    resources,
    defaultNamespace: client.access.namespace,
    unknownKinds: 'absent',
  });
  const workloads = wanted.filter(({ object, isServed }) => isServed && podSpecOf(object) !== undefined);
  const lists = await mapLimited(workloads, 16, async (one) => {
    // The cluster's object, as a Job's selector is made by the server.
    const live = await getObject(client, one);
    return live === undefined ? [] : podsOf(client, live);
  });
  return [...new Map(lists.flat().map((pod) => [pod.metadata.uid, pod])).values()];
}
