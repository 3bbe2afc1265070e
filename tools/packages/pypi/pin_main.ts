// `bazel run //tools/packages:pypi_pin -- third_party/pypi/x.json`: writes the lock, prints what changed.
// pip itself resolves, by the user's own configuration, once for each platform.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from '@renovatebot/pep440';
import { runMain } from '../../lib/cli.ts';
import { mapLimited } from '../../lib/limit.ts';
import { createLog, step } from '../../lib/log.ts';
import { cacheRoot } from '../../lib/state.ts';
import { fetchWheel } from '../fetch/pip.ts';
import { lockPathOf, parsePinArguments, readList, readLockBefore, textBefore } from '../pin/arguments.ts';
import { applyChanges, lockText, type PinnedVersions } from '../pin/changes.ts';
import { runTool } from '../pin/run_tool.ts';
import { normalizedName, parseWish, type PypiLock, type PypiWishes } from './lock_format.ts';
import { mergeReports, neededBy } from './merge.ts';
import { markerEnvironment, readReport, type ReportedPackage } from './report.ts';

await runMain(async ({ argv, env, signal }) => {
  const log = createLog();
  const { shown, listPath, allowDowngrade } = parsePinArguments(argv, 'third_party/pypi/x.json');
  const wishes = (await readList(listPath)) as PypiWishes;
  const without = Object.keys(wishes.without ?? {}).map(normalizedName);
  const reports = new Map<string, readonly ReportedPackage[]>();
  for (const [machine, platforms] of Object.entries(wishes.platforms)) {
    const environment = markerEnvironment(machine, wishes.python);
    const packages = wishes.packages.filter((wish) => wishes.only?.[parseWish(wish).name]?.includes(machine) ?? true);
    const run = () => resolve({ packages, platforms, python: wishes.python, shown, env, signal });
    const report = await step(`resolving for ${machine} with pip`, run, { log });
    const wanted = packages.map((wish) => parseWish(wish).name);
    reports.set(machine, neededBy(wanted, readReport(report, environment, without)));
  }
  const lock: PypiLock = { version: 1, python: wishes.python, packages: mergeReports(reports) };
  const lockPath = lockPathOf(listPath);
  const before = (await readLockBefore(lockPath)) as PypiLock | undefined;
  await applyChanges({
    before: versionsOf(before),
    after: versionsOf(lock),
    compare,
    allowDowngrade,
    files: new Map([[lockPath, lockText(lock)]]),
    isUnchanged: (await textBefore(lockPath)) === lockText(lock),
    log,
    verify: (names) =>
      step(`fetching the wheels of ${names.length} packages`, () => verify(names, lock, { env, signal }), { log }),
  });
});

interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

interface Resolving extends Context {
  readonly packages: readonly string[];
  readonly platforms: readonly string[];
  readonly python: string;
  readonly shown: string;
}

async function resolve({ packages, platforms, python, shown, env, signal }: Resolving): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-pypi-'));
  try {
    return await runTool(
      env['FATHOM_PYTHON'] ?? 'python3',
      [
        ...['-m', 'pip', 'install', '--dry-run', '--ignore-installed', '--quiet', '--report=-', '--only-binary=:all:'],
        `--target=${folder}`,
        `--python-version=${python}`,
        '--implementation=cp',
        ...platforms.map((platform) => `--platform=${platform}`),
        ...packages,
      ],
      {
        doing: `Resolving the packages of ${shown} for ${platforms[0] ?? 'no platform'}`,
        cwd: folder,
        env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
        signal,
        hint: 'Correct the requirement that pip names; a package without a wheel for a platform goes into "only".',
        missingHint: 'Run `apt-get install python3-pip` (elsewhere `python3 -m ensurepip`).',
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fetches the wheels of packages, for every machine, into the cache from which builds take them. */
async function verify(names: readonly string[], lock: PypiLock, { env, signal }: Context): Promise<void> {
  const wheels = names.flatMap((name) => {
    const entry = lock.packages[name];
    const requirement = `${name}==${entry?.version ?? ''}`;
    return Object.values(entry?.files ?? {}).map((wheel) => ({ ...wheel, requirement, python: lock.python }));
  });
  await mapLimited(wheels, 4, (wheel) => fetchWheel(wheel, { cache: cacheRoot(env), env, signal }));
}

function versionsOf(lock: PypiLock | undefined): PinnedVersions {
  const all = Object.entries(lock?.packages ?? {});
  return new Map(
    all.map(([name, { version, files }]) => {
      const hashes = Object.entries(files).map(([machine, { sha256 }]) => `${machine}:${sha256}`);
      return [name, { version, hash: hashes.sort().join(' ') }];
    }),
  );
}
