// Stage 0: where Debian packages come from. Configuration alone decides: FATHOM_DEBIAN_MIRROR, the rule's own
// mirrors, what apt is configured with; then FATHOM_DEBIAN_SNAPSHOTS for versions that mirrors no longer have.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';

const run = promisify(execFile);

type Env = Readonly<Record<string, string | undefined>>;

/** Base URLs of archive `debian`, the first one first. Throws DEBIAN_NO_MIRROR. */
export async function findMirrors(env: Env, preferred: readonly string[] = []): Promise<readonly string[]> {
  const own = env['FATHOM_DEBIAN_MIRROR'];
  const configured = own ? [own] : preferred.length > 0 ? preferred : await aptMirrors();
  if (configured.length === 0) {
    throw new ToolError('DEBIAN_NO_MIRROR', 'Finding a Debian mirror: apt is not configured on this machine', {
      hint: 'Set FATHOM_DEBIAN_MIRROR to the base URL of a mirror.',
    });
  }
  return [...new Set(configured.map((url) => url.replace(/\/+$/, '')))];
}

async function aptMirrors(): Promise<readonly string[]> {
  try {
    const options = { timeout: 60_000 };
    const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'], options);
    return stdout.split('\n').filter((line) => /^https?:\/\/.*\/debian\/?$/.test(line));
  } catch {
    // No apt here.
    return [];
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
