// `bazel run //bench/typescript -- [--write] [--pairs 7]`: ts_library against `tsc -b` with a project a package, and against
// esbuild, which checks no types: everything new, and one line changed. Both sides compile the same sources with the same
// compiler; Bazel's server and tsc's build files are there before.
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { benchMain } from '../lib/bench.ts';
import { type Run, comparePairs } from '../lib/compare.ts';
import type { Comparison } from '../lib/result.ts';
import { timed } from '../lib/timed.ts';
import { bazelVersion, runBazel } from '../testbed/bazel.ts';
import { CHANGED, buildFiles, changedLine, projects, sourceOf, sources } from './sources.ts';

const run = promisify(execFile);
const ENDS_WITHIN_MS = 600_000;
const WRONG_TYPE = 'export const wrong: number = "text";\n';
const COUNTS = [50, 500];
const CASES = ['all new', 'one line'] as const;

const nameOf = (count: number, what: (typeof CASES)[number]) => `${count} packages, ${what}`;

/** One of the two sides, with sources of its own. */
interface Side {
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Takes what was built away, where the side does not see by itself that all sources are others. */
  clean(): Promise<void>;
  build(): Promise<void>;
  /** What it has made of the file that changes. */
  built(): Promise<string>;
}

await benchMain({
  name: 'typescript',
  description: 'ts_library against tsc -b and esbuild.',
  pairs: 7,
  async run({ pairs, signal, log, root, env, only }) {
    const tsc = programOf(`@typescript/typescript-linux-${process.arch}`, 'lib/tsc');
    const esbuild = programOf(`@esbuild/linux-${process.arch}`, 'bin/esbuild');
    const { stdout: version } = await run(tsc, ['--version']);
    const { stdout: esbuildVersion } = await run(esbuild, ['--version']);
    let bazel = '';
    const comparisons: Comparison[] = [];
    const isWanted = (name: string) => only === undefined || name.includes(only);
    for (const count of COUNTS.filter((one) => CASES.some((what) => isWanted(nameOf(one, what))))) {
      await using folder = await scratchFolder();
      const workspace = await createWorkspace(root, env);
      try {
        await workspace.write(buildFiles(count));
        bazel = await bazelVersion(workspace);
        const ours = bazelSide(workspace);
        const rivals = [
          {
            peer: `tsc -b ${version.trim().replace('Version ', '')}`,
            side: tscSide(folder.path, tsc, count),
            clean: 1 / 1.3,
            change: 5,
          },
          { peer: 'esbuild, no types', side: esbuildSide(join(folder.path, 'esbuild'), esbuild, count) },
        ];
        // Fathom's own tools, and whatever a side does at its first time, are no part of what is compared.
        for (const side of [ours, ...rivals.map((rival) => rival.side)]) await allNew(side, count, 'first');
        for (const side of [ours, ...rivals.filter(({ clean }) => clean !== undefined).map((rival) => rival.side)])
          await requireCheck(side);
        for (const { peer, side, clean, change } of rivals) {
          const both = (runOf: (side: Side) => Run) => ({ ours: runOf(ours), peer: runOf(side) });
          const cases = [
            {
              name: nameOf(count, 'all new'),
              aim: clean,
              run: both((one) => (round) => allNew(one, count, `${peer} ${round}`)),
            },
            {
              name: nameOf(count, 'one line'),
              aim: change,
              run: both((one) => (round) => oneLine(one, `${peer} ${round}`, round)),
            },
          ];
          for (const { name, aim, run: sides } of cases.filter((one) => isWanted(one.name))) {
            const options = {
              name,
              peer,
              pairs,
              signal,
              run: sides,
              ...(aim === undefined ? {} : { aim }),
            };
            const onPair = (pair: { ours: number; peer: number }) =>
              log.info(`${name}, ${peer}: ${pair.ours.toFixed(2)} s, ${pair.peer.toFixed(2)} s`);
            comparisons.push(await comparePairs({ ...options, onPair }));
          }
        }
      } finally {
        await workspace.end();
      }
    }
    return {
      versions: { bazel, typescript: version.trim().replace('Version ', ''), esbuild: esbuildVersion.trim() },
      comparisons,
    };
  },
});

/** A native program of an npm package. */
function programOf(name: string, path: string): string {
  return join(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), path);
}

async function allNew(side: Side, count: number, salt: string): Promise<number> {
  await side.write(sources(count, salt));
  await side.clean();
  return timed(() => side.build());
}

async function oneLine(side: Side, salt: string, version: number): Promise<number> {
  await side.write({ [CHANGED]: sourceOf(0, 0, { salt, version: 2 * version }) });
  await side.build();
  const changed = 2 * version + 1;
  await side.write({ [CHANGED]: sourceOf(0, 0, { salt, version: changed }) });
  const seconds = await timed(() => side.build());
  // Whoever did nothing is not compared.
  if (!(await side.built()).includes(changedLine(changed))) throw new Error('The change is not in what was built');
  return seconds;
}

/** Whoever does not look at types is not compared with those who do. */
async function requireCheck(side: Side): Promise<void> {
  const right = sourceOf(0, 0, { salt: 'first' });
  await side.write({ [CHANGED]: `${right}${WRONG_TYPE}` });
  const isRefused = await side.build().then(
    () => false,
    (error: unknown) => /TS2322/.test(error instanceof Error ? `${error.message}${outputOf(error)}` : ''),
  );
  if (!isRefused) throw new Error('A wrong type is taken');
  await side.write({ [CHANGED]: right });
  await side.build();
}

/** What a program has printed that failed. */
function outputOf(error: object): string {
  return 'stdout' in error ? String(error.stdout) : '';
}

function bazelSide(workspace: Workspace): Side {
  return {
    write: workspace.write,
    clean: () => Promise.resolve(),
    built: () => workspace.readBuilt(CHANGED.replace(/ts$/, 'js')),
    async build() {
      // Without a disk cache: what it writes is of no use to anybody.
      await runBazel(workspace, 'build', '--disk_cache=', '//...');
    },
  };
}

function tscSide(folder: string, tsc: string, count: number): Side {
  const root = join(folder, 'tsc');
  let written = false;
  return {
    async write(files) {
      await writeAll(root, written ? files : { ...projects(count), ...files });
      written = true;
    },
    built: () => readFile(join(root, 'out', CHANGED.replace(/ts$/, 'js')), 'utf8'),
    async clean() {
      await run(tsc, ['-b', '--clean'], { cwd: root, timeout: ENDS_WITHIN_MS });
    },
    async build() {
      await run(tsc, ['-b'], { cwd: root, timeout: ENDS_WITHIN_MS, maxBuffer: 64 << 20 });
    },
  };
}

function esbuildSide(root: string, esbuild: string, count: number): Side {
  // By name: it takes a pattern for files alone, and not for folders.
  const files = Object.keys(sources(count, ''));
  return {
    write: (changed) => writeAll(root, changed),
    clean: () => rm(join(root, 'out'), { recursive: true, force: true }),
    built: () => readFile(join(root, 'out', CHANGED.replace(/ts$/, 'js')), 'utf8'),
    async build() {
      await run(esbuild, [...files, '--outdir=out', '--sourcemap', '--log-level=error'], {
        cwd: root,
        timeout: ENDS_WITHIN_MS,
      });
    },
  };
}

async function writeAll(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
