// Stage 0: the driver of one GoBuild action. `node go_build_main.ts <params.json>`; see go_programs.bzl for the fields.
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { ToolError } from '../lib/errors.ts';

interface GoBuildParams {
  /** The module's folder, `vendor` in it. */
  readonly src: string;
  /** The toolchain's folder, GOROOT. */
  readonly sdk: string;
  readonly binaries: readonly { readonly package: string; readonly output: string }[];
  readonly tags: readonly string[];
  readonly ldflags: readonly string[];
  readonly cgo: boolean;
}

await runMain(async ({ argv, env, signal }) => {
  const params: GoBuildParams = JSON.parse(readFileSync(argv[0] ?? '', 'utf8'));
  // Below the action's own folder: the Go cache of a large program does not belong into a small /tmp.
  const work = mkdtempSync(join(process.cwd(), 'go-'));
  try {
    const src = join(work, 'src');
    // go:embed refuses links, of which a sandbox consists.
    cpSync(realpathSync(params.src), src, { recursive: true, dereference: true });
    const goroot = realpathSync(params.sdk);
    const options = {
      cwd: src,
      signal,
      env: {
        PATH: params.cgo ? (env['PATH'] ?? '') : '',
        HOME: work,
        GOROOT: goroot,
        GOCACHE: join(work, 'cache'),
        GOPATH: join(work, 'path'),
        GOTMPDIR: work,
        GOTOOLCHAIN: 'local',
        GOFLAGS: '',
        GOENV: 'off',
        GOPROXY: 'off',
        GOWORK: 'off',
        CGO_ENABLED: params.cgo ? '1' : '0',
      },
    };
    for (const binary of params.binaries) await go(buildArguments(binary, params), options);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

function buildArguments(binary: GoBuildParams['binaries'][number], params: GoBuildParams): readonly string[] {
  const ldflags = ['-s', '-w', '-buildid=', ...params.ldflags];
  const tags = params.tags.length > 0 ? [`-tags=${params.tags.join(',')}`] : [];
  return [
    'build',
    '-mod=vendor',
    '-trimpath',
    '-buildvcs=false',
    ...tags,
    `-ldflags=${ldflags.join(' ')}`,
    '-o',
    resolve(binary.output),
    binary.package,
  ];
}

async function go(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string>; readonly signal: AbortSignal },
): Promise<void> {
  const child = spawn(join(options.env['GOROOT'] ?? '', 'bin', 'go'), args, {
    ...options,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = await new Promise<number | null>((done, reject) => child.on('error', reject).on('close', done));
  if (status !== 0) {
    throw new ToolError('GO_BUILD_FAILED', `Building ${args.at(-1)}: go exited with ${status}`, {
      hint: "Its lines above say why; for cgo, install gcc and the library's -dev package (`./fathom doctor`).",
    });
  }
}
