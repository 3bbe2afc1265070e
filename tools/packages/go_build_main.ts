// Stage 0: the driver of one GoBuild action. `node go_build_main.ts <params.json>`; see go_build.ts for the fields.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildArguments, buildEnvironment, GoBuildError, type GoBuildParams, programName } from './go_build.ts';

function build(params: GoBuildParams, work: string): void {
  const src = join(work, 'src');
  // go:embed refuses links, of which a sandbox consists.
  cpSync(realpathSync(params.src), src, { recursive: true, dereference: true });
  const goroot = realpathSync(params.sdk);
  const modulesTxt = join(src, 'vendor', 'modules.txt');
  const args = buildArguments(params, `${work}/bin`, existsSync(modulesTxt) ? readFileSync(modulesTxt, 'utf8') : '');
  mkdirSync(join(work, 'bin'));
  const result = spawnSync(join(goroot, 'bin', 'go'), args, {
    cwd: src,
    env: { ...buildEnvironment(params, { goroot, work, path: process.env['PATH'] ?? '' }) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) {
    throw new GoBuildError(
      'GO_BUILD_FAILED',
      `Building ${params.binaries.map((binary) => binary.package).join(' ')}: go ended with ${result.status ?? result.signal ?? result.error?.message}`,
      "Its lines above say why; for cgo, install gcc and the library's -dev package (`./fathom doctor`).",
    );
  }
  const goMod = readFileSync(join(src, 'go.mod'), 'utf8');
  for (const binary of params.binaries) {
    renameSync(join(work, 'bin', programName(binary.package, goMod)), binary.output);
  }
}

// Below the action's own folder: the Go cache of a large program does not belong into a small /tmp.
const work = mkdtempSync(join(process.cwd(), 'go-'));
try {
  build(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')), work);
} catch (error) {
  if (!(error instanceof GoBuildError)) throw error;
  process.stderr.write(`error: ${error.code}: ${error.message}\n  hint: ${error.hint}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
