// `bazel run //tools/packages:debian_pin -- third_party/debian/trixie.json`: writes the lock, prints what changed.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { userPath } from '../../lib/runfiles.ts';
import { readIndex } from './index_file.ts';
import { type DebianLock, type DebianWishes, type LockedPackage, compareLocks, resolvePackages } from './lock.ts';
import { fetchIndexes, findMirror } from './mirror.ts';

await runMain(async ({ argv, env, signal }) => {
  const log = createLog();
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { 'allow-downgrade': { type: 'boolean', default: false } },
  });
  const [listName] = positionals;
  if (listName === undefined || !listName.endsWith('.json')) {
    throw new ToolError('DEBIAN_USAGE', 'Pinning Debian packages: no list given', {
      hint: 'Name the list, such as third_party/debian/trixie.json.',
    });
  }
  const listPath = userPath(listName);
  const wishes = (await readJson(listPath)) as DebianWishes;
  const mirror = await findMirror(env);
  const packages: Record<string, Record<string, LockedPackage>> = {};
  const dates: number[] = [];
  for (const architecture of wishes.architectures) {
    const files: { archive: string; text: string }[] = [];
    for (const { archive, suite } of suitesOf(wishes.distribution)) {
      log.info(`reading the index of ${suite} (${architecture}) …`);
      const base = mirror.replace(/\/debian$/, `/${archive}`);
      const options = { mirror: base, suite, components: wishes.components, architecture, log, signal };
      const { texts, date } = await fetchIndexes(options);
      files.push(...texts.map((text) => ({ archive, text })));
      dates.push(date.getTime());
    }
    packages[architecture] = resolvePackages(wishes, readIndex(files));
  }
  const lockPath = listPath.replace(/\.json$/, '.lock.json');
  const before = (await readJson(lockPath).catch(() => undefined)) as DebianLock | undefined;
  const changes = Object.entries(packages).flatMap(([architecture, after]) =>
    compareLocks(before?.packages[architecture] ?? {}, after),
  );
  for (const { package: name, from, to } of changes)
    process.stdout.write(`${name}: ${from ?? 'new'} → ${to ?? 'removed'}\n`);
  const downgrades = changes.filter((change) => change.isDowngrade);
  if (downgrades.length > 0 && !values['allow-downgrade']) {
    const names = downgrades.map((change) => change.package).join(', ');
    throw new ToolError('DEBIAN_DOWNGRADE', `Pinning ${listName}: the mirror has older versions of ${names}`, {
      hint: 'Use an up-to-date mirror, or pass --allow-downgrade.',
    });
  }
  if (changes.length === 0) {
    log.info('nothing changed');
    return;
  }
  // The day after: a snapshot holds what mirrors had by then.
  const snapshot = `${new Date(Math.max(...dates) + 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}T000000Z`;
  const lock: DebianLock = { version: 1, distribution: wishes.distribution, snapshot, packages };
  await writeFile(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
  log.info(`wrote ${lockPath}`);
});

function suitesOf(distribution: string) {
  return [
    { archive: 'debian', suite: distribution },
    { archive: 'debian', suite: `${distribution}-updates` },
    { archive: 'debian-security', suite: `${distribution}-security` },
  ];
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new ToolError('DEBIAN_LIST_UNREADABLE', `Reading ${path}: ${systemErrorCode(error) ?? 'it is not JSON'}`, {
      cause: error,
      hint: 'Give the path of a list such as third_party/debian/trixie.json.',
    });
  }
}
