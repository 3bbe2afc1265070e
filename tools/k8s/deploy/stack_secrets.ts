// The secrets of a session's stack. What decrypts is loaded only where a manifest has references.
import type { LoadedSet } from '../model/plan_input.ts';
import { hasReferences } from '../secrets/in_objects.ts';
import type { Session } from './session.ts';

/** The sets with values in place of references: to be sent, never to be kept. Throws K8S_SECRET_*. */
export async function secretsOf(session: Session, sets: readonly LoadedSet[]): Promise<readonly LoadedSet[]> {
  const inputs = sets.flatMap(({ objects }) => objects);
  if (!inputs.some(({ objects }) => objects.some(hasReferences))) return sets;
  const { withSecrets } = await import('../secrets/fill.ts');
  const { env, resolve, log, pod } = session;
  return withSecrets(sets, { env, resolve, warn: (line) => log.warn(line), isInCluster: pod !== undefined });
}
