// How this machine of a pipeline uses the remote cache: lines for user.bazelrc, from its environment.
import { ToolError } from '../../lib/errors.ts';

/** The first line of a user.bazelrc that this has written, and may write anew. */
export const MARK = '# Written by //tools/ci/pipeline for this machine: it may have a password in it.';

/** Whether a .bazelrc reads user.bazelrc. */
export const readsUserBazelrc = (bazelrc: string): boolean =>
  /^\s*(try-)?import\s+"?%workspace%\/user\.bazelrc"?\s*$/m.test(bazelrc);

type Env = Readonly<Record<string, string | undefined>>;

/** What was found, for the log: never a password. */
export interface CacheSettings {
  readonly lines: readonly string[];
  readonly mode: 'no cache' | 'reads' | 'reads and writes';
}

/**
 * FATHOM_CACHE_URL has the address; FATHOM_CACHE_WRITER a login, `user:password`, for branches of one's own. Where it is
 * empty, as the secrets of a pipeline are for pull requests from forks, FATHOM_CACHE_READER is taken, and nothing is
 * uploaded. Throws PIPELINE_CACHE_URL, PIPELINE_CACHE_LOGIN.
 */
export function cacheSettings(env: Env): CacheSettings {
  const address = valueOf(env, 'FATHOM_CACHE_URL');
  if (address === undefined) return { lines: [MARK], mode: 'no cache' };
  const [writer, reader] = [loginOf(env, 'FATHOM_CACHE_WRITER'), loginOf(env, 'FATHOM_CACHE_READER')];
  const url = withLogin(address, writer ?? reader);
  const lines = [MARK, `build:remote-cache --remote_cache=${url}`, 'build --config=remote-cache'];
  if (writer !== undefined) return { lines, mode: 'reads and writes' };
  return { lines: [...lines, 'build --noremote_upload_local_results'], mode: 'reads' };
}

function valueOf(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

interface Login {
  readonly user: string;
  readonly password: string;
}

function loginOf(env: Env, name: string): Login | undefined {
  const value = valueOf(env, name);
  if (value === undefined) return undefined;
  const [, user, password] = /^([^:\s]+):(\S+)$/.exec(value) ?? [];
  if (user === undefined || password === undefined) {
    throw new ToolError('PIPELINE_CACHE_LOGIN', `Reading ${name}: it is no user:password`, {
      hint: 'Set it to the two with a colon in between: docs/ci.md.',
    });
  }
  return { user, password };
}

function withLogin(address: string, login: Login | undefined): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new ToolError('PIPELINE_CACHE_URL', 'Reading FATHOM_CACHE_URL: it is no address of a remote cache', {
      hint: 'Set it to http:// or https:// with host, port and path; the login is in FATHOM_CACHE_WRITER.',
    });
  }
  if (login !== undefined) {
    // A bazelrc is split as a shell does it: what is encoded has neither spaces nor quotes.
    [url.username, url.password] = [encodeURIComponent(login.user), encodeURIComponent(login.password)];
  }
  return url.href.replace(/\/$/, '').replaceAll("'", '%27');
}
