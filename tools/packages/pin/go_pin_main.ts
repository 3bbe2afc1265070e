// `bazel run //tools/packages:go_pin -- third_party/go/etcd/go.mod [module@version …]`: takes versions into go.mod,
// where some are named, tidies it, writes go.sum; prints what changed. The pinned go itself resolves.
import { copyFile, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { createLog, step } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { parsePinArguments, textBefore } from './arguments.ts';
import { applyChanges } from './changes.ts';
import { compareGoVersions, modulesOf } from './go_mod.ts';
import { runTool } from './run_tool.ts';

await runMain(async ({ argv, env, signal }) => {
  const log = createLog();
  const { shown, listPath, rest, allowDowngrade } = parsePinArguments(argv, 'third_party/go/x/go.mod');
  const goroot = await realpath(runfile('fathom_go_sdk/go', env));
  const source = dirname(listPath);
  const folder = await mkdtemp(join(tmpdir(), 'fathom-go-'));
  try {
    const names = (await readdir(source)).filter(
      (name) => name.endsWith('.go') || name === 'go.mod' || name === 'go.sum',
    );
    for (const name of names) await copyFile(join(source, name), join(folder, basename(name)));
    const go = (doing: string, args: readonly string[]) =>
      runTool(join(goroot, 'bin', 'go'), args, {
        doing,
        cwd: folder,
        env: { ...env, GOROOT: goroot, GOFLAGS: '', GOTOOLCHAIN: 'local', GOWORK: 'off' },
        signal,
        hint: 'Correct the module or version that go names, or `go env GOPROXY`.',
        missingHint: 'Run it by `bazel run @fathom//tools/packages:go_pin`.',
      });
    const read = async (at: string) => {
      const json = await go(`Reading ${shown}`, ['mod', 'edit', '-json', join(at, 'go.mod')]);
      return modulesOf(json, await textBefore(join(at, 'go.sum')));
    };
    const before = await read(source);
    if (rest.length > 0) {
      await step(`taking ${rest.join(', ')}`, () => go(`Taking ${rest.join(' ')}`, ['get', ...rest]), { log });
    }
    await step(`tidying ${shown}`, () => go(`Tidying ${shown}`, ['mod', 'tidy']), { log });
    const files = new Map<string, string>();
    for (const name of ['go.mod', 'go.sum']) files.set(join(source, name), await textBefore(join(folder, name)));
    const present = await Promise.all([...files.keys()].map(textBefore));
    await applyChanges({
      before,
      after: await read(folder),
      compare: compareGoVersions,
      allowDowngrade,
      files,
      isUnchanged: [...files.values()].every((text, index) => text === present[index]),
      log,
      verify: async () => {
        const verifying = async () => {
          await go(`Downloading the modules of ${shown}`, ['mod', 'download']);
          await go(`Verifying the modules of ${shown}`, ['mod', 'verify']);
        };
        await step('downloading and verifying the modules', verifying, { log });
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
