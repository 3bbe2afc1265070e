// Who a client is, for as long as it runs: what is on the wire is renewed before it ends, and once it is refused.
import { type Authorization, authorize } from './credentials.ts';
import { KubeStatusError } from './errors.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** Options of {@link createAuthorizer}. */
export interface AuthorizerOptions {
  readonly signal: AbortSignal;
  /** After how long a token that is in a file is read again, in milliseconds. */
  readonly tokenFileMs: number;
}

/** The authorization of all requests of a client. */
export interface Authorizer {
  /** What a request is to carry now; all who ask at once get the same. Throws K8S_CREDENTIALS. */
  current(): Promise<Authorization>;
  /** After a 401 for a request that carried `used`: what to try it with once more, or undefined where nothing else is to be had. */
  replacing(used: Authorization): Promise<Authorization | undefined>;
  /** Called when the server took what a request carried. */
  accepted(): void;
}

/** Does `work` with what requests carry now; where the server answers 401, once more with a new login, if there is one. */
export async function authorized<T>(
  authorizer: Authorizer,
  work: (authorization: Authorization) => Promise<T>,
): Promise<T> {
  const authorization = await authorizer.current();
  try {
    return await work(authorization);
  } catch (error) {
    if (!(error instanceof KubeStatusError) || error.status !== 401) throw error;
    const other = await authorizer.replacing(authorization);
    if (other === undefined) throw error;
    return work(other);
  }
}

/** A credential is renewed so long before its end, but not before most of its time is over. */
const EARLY_MS = 60_000;
const EARLY_PART = 0.1;

interface Held {
  readonly authorization: Promise<Authorization>;
  /** When it is to be renewed, as Date counts. */
  dueMs: number;
}

/** Nothing is asked yet. */
export function createAuthorizer(access: ClusterAccess, { signal, tokenFileMs }: AuthorizerOptions): Authorizer {
  const { kind } = access.credentials;
  const isRenewable = kind === 'exec' || kind === 'tokenFile';
  let held: Held | undefined;
  // Whether the last renewal was for a 401, and nothing has been taken since: then the next 401 is final.
  let isDoubted = false;

  /** Asks once for all who wait; one that cannot be had is asked for again by the next request. */
  const renew = (): Promise<Authorization> => {
    const before = held;
    const startMs = Date.now();
    const authorization = authorize(access, signal).catch(async (error: unknown) => {
      held = undefined;
      // What is renewed early is still good, and the next request tries again.
      const last = await before?.authorization.catch(() => undefined);
      if (isDoubted || last?.expiresMs === undefined || last.expiresMs <= Date.now()) throw error;
      held = before;
      return last;
    });
    const own: Held = { authorization, dueMs: kind === 'tokenFile' ? startMs + tokenFileMs : Infinity };
    held = own;
    authorization.then(
      ({ expiresMs }) => {
        if (expiresMs !== undefined && held === own) {
          own.dueMs = expiresMs - Math.min(EARLY_MS, (expiresMs - startMs) * EARLY_PART);
        }
      },
      () => undefined,
    );
    return authorization;
  };

  return {
    current: () => (held === undefined || Date.now() >= held.dueMs ? renew() : held.authorization),
    replacing: async (used) => {
      if (!isRenewable) return undefined;
      for (;;) {
        const seen = held;
        const now = await seen?.authorization;
        // Renewed in the meantime: all who were refused at once wait for one answer.
        if (seen !== held) continue;
        if (now !== undefined && now !== used) return now;
        if (isDoubted) return undefined;
        isDoubted = true;
        return renew();
      }
    },
    accepted: () => (isDoubted = false),
  };
}
