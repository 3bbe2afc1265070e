// Who applied a service when, of which commit: kept by the deploy engine in the parent of the service's set, a Secret
// `fathom-<stack>` (docs/deploys.md). It has no secret value in it, but is one to RBAC: it is read by its name alone.
import { errorText } from '../../tools/lib/errors.ts';
import type { KubeClient } from '../../tools/k8s/kube/client.ts';
import { KubeStatusError } from '../../tools/k8s/kube/errors.ts';
import { asList, asRecord, numberAt, textAt } from '../../tools/k8s/model/object.ts';
import type { Deploy, DeploysAnswer } from './shared/api.ts';

/** Where the engine keeps the revisions of a stack: REVISIONS_KEY and parentName of tools/k8s/deploy, as a test checks. */
export const REVISIONS_KEY = 'revisions.json';
export const parentOf = (stack: string) => `fathom-${stack}`;

/** How long an answer is good for, in milliseconds: a deploy shows a little later. */
const FRESH_MS = 10_000;
const MOST = 1000;

export interface Deploys {
  of(namespace: string, stack: string): Promise<DeploysAnswer>;
}

/** Asks the API server at most once in ten seconds for a stack. */
export function createDeploys(client: KubeClient): Deploys {
  const known = new Map<string, { readonly answer: Promise<DeploysAnswer>; readonly untilMs: number }>();
  return {
    of(namespace, stack) {
      const key = `${namespace}/${stack}`;
      const nowMs = performance.now();
      const found = known.get(key);
      if (found !== undefined && found.untilMs > nowMs) return found.answer;
      if (known.size >= MOST) known.clear();
      const answer = read(client, namespace, stack);
      known.set(key, { answer, untilMs: nowMs + FRESH_MS });
      return answer;
    },
  };
}

async function read(client: KubeClient, namespace: string, stack: string): Promise<DeploysAnswer> {
  const name = parentOf(stack);
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
    const secret = await client.request({ method: 'GET', path, doing: `Reading the deploys of ${stack}` });
    return { deploys: deploysOf(stack, textAt(secret, 'data', REVISIONS_KEY)) };
  } catch (error) {
    return { deploys: [], problem: problemOf(error, `${namespace}/${name}`) };
  }
}

function problemOf(error: unknown, place: string): string {
  const status = error instanceof KubeStatusError ? error.status : 0;
  if (status === 404) return `No deploy by fathom is known: there is no Secret ${place}`;
  if (status === 403) return `Deploys can't be shown: this page may not read the Secret ${place}`;
  return errorText(error);
}

/** The revisions in a parent's data; none where they can't be read. */
export function deploysOf(stack: string, data: string | undefined): readonly Deploy[] {
  if (data === undefined) return [];
  let revisions: unknown;
  try {
    revisions = JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
  } catch {
    return [];
  }
  return asList(revisions).flatMap((one): readonly Deploy[] => {
    const time = Date.parse(textAt(one, 'when') ?? '') / 1000;
    const revision = numberAt(one, 'number');
    if (Number.isNaN(time) || revision === undefined) return [];
    const commit = textAt(one, 'commit');
    return [
      {
        stack,
        revision,
        verb: textAt(one, 'verb') ?? 'apply',
        isUnfinished: textAt(one, 'state') !== 'done',
        who: textAt(one, 'who') ?? '',
        time,
        ...(commit === undefined ? {} : { commit }),
        isDirty: asRecord(one)?.['isDirty'] === true,
      },
    ];
  });
}
