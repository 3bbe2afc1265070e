// Stage 0: where Debian packages come from. Configuration alone decides: FATHOM_DEBIAN_MIRROR, the rule's own
// mirrors, what apt is configured with; then FATHOM_DEBIAN_SNAPSHOTS for versions that mirrors no longer have.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';

const run = promisify(execFile);

type Env = Readonly<Record<string, string | undefined>>;

const APT_TIMEOUT_MS = 60_000;
const HINT = 'Set FATHOM_DEBIAN_MIRROR to the base URL of a mirror.';

/** Base URLs of archive `debian`, the first one first. Throws DEBIAN_NO_MIRROR, DEBIAN_APT_FAILED. */
export async function findMirrors(
  env: Env,
  preferred: readonly string[] = [],
  aptTimeoutMs: number = APT_TIMEOUT_MS,
): Promise<readonly string[]> {
  const own = env['FATHOM_DEBIAN_MIRROR'];
  const configured = own ? [own] : preferred.length > 0 ? preferred : await aptMirrors(env, aptTimeoutMs);
  return [...new Set(configured.map((url) => url.replace(/\/+$/, '')))];
}

/** The mirrors of Debian that apt is configured with, at least one. */
async function aptMirrors(env: Env, timeoutMs: number): Promise<readonly string[]> {
  const sites = (await indexTargets(env, timeoutMs)).split('\n').filter((line) => line !== '');
  const mirrors = sites.filter((site) => /^https?:\/\/.*\/debian\/?$/.test(site));
  if (mirrors.length > 0) return mirrors;
  const found =
    sites.length === 0 ? 'no source of packages' : `none of Debian by http, only ${[...new Set(sites)].join(', ')}`;
  throw new ToolError('DEBIAN_NO_MIRROR', `Finding a Debian mirror: apt is configured with ${found}`, { hint: HINT });
}

async function indexTargets(env: Env, timeoutMs: number): Promise<string> {
  try {
    const args = ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'];
    const { stdout } = await run('apt-get', args, { timeout: timeoutMs, env: { ...env, LC_ALL: 'C' } });
    return stdout;
  } catch (cause) {
    const { code, killed, stderr } = cause as { code?: unknown; killed?: boolean; stderr?: string };
    if (code === 'ENOENT') {
      throw new ToolError('DEBIAN_NO_MIRROR', 'Finding a Debian mirror: there is no apt-get on this machine', {
        hint: HINT,
      });
    }
    const said = (stderr ?? '').trim().split('\n').slice(0, 3).join('; ');
    const why =
      killed === true ? `no end within ${timeoutMs / 1000} s` : said === '' ? `exit code ${String(code)}` : said;
    throw new ToolError('DEBIAN_APT_FAILED', `Asking apt-get for its Debian mirrors: ${why}`, {
      cause,
      hint: `Mend what \`apt-get indextargets\` says, or leave apt out of it. ${HINT}`,
    });
  }
}

/** What {@link debianSources} needs to know of a package. */
export interface DebianFile {
  /** `debian` or `debian-security`: archives stand side by side on a mirror. */
  readonly archive: string;
  /** `pool/…/x.deb`. */
  readonly path: string;
  /** `20261120T000000Z`: the snapshot that has this version. */
  readonly snapshot: string;
}

/** The URLs of a package: of the mirrors, then of the snapshots, which keep what mirrors drop. */
export function debianSources(file: DebianFile, mirrors: readonly string[], env: Env): readonly string[] {
  const snapshots = env['FATHOM_DEBIAN_SNAPSHOTS']?.replace(/\/+$/, '');
  return [
    ...mirrors.map((mirror) => `${mirror.replace(/\/debian$/, `/${file.archive}`)}/${file.path}`),
    ...(snapshots ? [`${snapshots}/${file.archive}/${file.snapshot}/${file.path}`] : []),
  ];
}
