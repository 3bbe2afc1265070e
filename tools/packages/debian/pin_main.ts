// `bazel run //tools/packages:debian_pin -- third_party/debian/trixie.json`: writes the lock, prints what changed.
import { isDeepStrictEqual } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { mapLimited } from '../../lib/limit.ts';
import { createLog, step } from '../../lib/log.ts';
import { cacheRoot } from '../../lib/state.ts';
import { debianSources, findMirrors } from '../fetch/debian_sources.ts';
import { download } from '../fetch/download.ts';
import { lockPathOf, parsePinArguments, readList, readLockBefore } from '../pin/arguments.ts';
import { applyChanges, lockText } from '../pin/changes.ts';
import { readIndex } from './index_file.ts';
import { resolvePackages, versionsOf } from './lock.ts';
import type { DebianLock, DebianWishes, LockedPackage } from './lock_format.ts';
import { fetchIndexes } from './mirror.ts';
import { compareVersions } from './version.ts';

await runMain(async ({ argv, env, signal }) => {
  const log = createLog();
  const { listPath, allowDowngrade } = parsePinArguments(argv, 'third_party/debian/trixie.json');
  const wishes = (await readList(listPath)) as DebianWishes;
  const mirrors = await findMirrors(env);
  const packages: Record<string, Record<string, LockedPackage>> = {};
  const dates: number[] = [];
  for (const architecture of wishes.architectures) {
    const files: { archive: string; text: string }[] = [];
    for (const { archive, suite } of suitesOf(wishes.distribution)) {
      const mirror = (mirrors[0] ?? '').replace(/\/debian$/, `/${archive}`);
      const options = { mirror, suite, components: wishes.components, architecture, log, signal };
      const read = () => fetchIndexes(options);
      const { texts, date } = await step(`reading the index of ${suite} (${architecture})`, read, { log });
      files.push(...texts.map((text) => ({ archive, text })));
      dates.push(date.getTime());
    }
    packages[architecture] = resolvePackages(wishes, readIndex(files));
  }
  // The day after: a snapshot holds what mirrors had by then.
  const snapshot = `${new Date(Math.max(...dates) + 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}T000000Z`;
  const lock: DebianLock = { version: 1, distribution: wishes.distribution, snapshot, packages };
  const lockPath = lockPathOf(listPath);
  const before = (await readLockBefore(lockPath)) as DebianLock | undefined;
  const after = versionsOf(lock);
  await applyChanges({
    before: versionsOf(before),
    after,
    compare: compareVersions,
    allowDowngrade,
    files: new Map([[lockPath, lockText(lock)]]),
    isUnchanged: isDeepStrictEqual(before?.packages, packages),
    log,
    verify: (names) =>
      step(`fetching ${names.length} packages`, () => verify(names, { lock, mirrors, env, signal }), { log }),
  });
});

interface Verifying {
  readonly lock: DebianLock;
  readonly mirrors: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Fetches packages, named `package:architecture`, into the cache from which builds take them. */
async function verify(names: readonly string[], { lock, mirrors, env, signal }: Verifying): Promise<void> {
  await mapLimited(names, 4, async (name) => {
    const [packageName = '', architecture = ''] = name.split(':');
    const entry = lock.packages[architecture]?.[packageName];
    if (entry === undefined) return;
    const file = entry.path.split('/').at(-1) ?? '';
    const sources = debianSources({ ...entry, snapshot: lock.snapshot }, mirrors, env);
    const goneHint = 'Use a mirror that is complete (FATHOM_DEBIAN_MIRROR).';
    await download({ file, sha256: entry.sha256 }, { sources, cache: cacheRoot(env), signal, goneHint });
  });
}

function suitesOf(distribution: string) {
  return [
    { archive: 'debian', suite: distribution },
    { archive: 'debian', suite: `${distribution}-updates` },
    { archive: 'debian-security', suite: `${distribution}-security` },
  ];
}
