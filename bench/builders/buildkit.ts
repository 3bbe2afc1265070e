// BuildKit, of the Go module, with a daemon for the time of a benchmark: what it builds goes to a registry at once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { type Builder, run } from './builder.ts';
import { startDaemon } from './daemon.ts';

/** Starts BuildKit; `registry` is the endpoint that it may speak plain http to. BUILDKITD, BUILDCTL and RUNC name its programs. */
export async function startBuildkit(registry: string, signal: AbortSignal): Promise<Builder> {
  const [buildkitd, buildctl] = [peerPath('BUILDKITD'), peerPath('BUILDCTL')];
  const folder = await mkdtemp('/tmp/buildkitd-');
  await using started = new AsyncDisposableStack();
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'buildkitd.toml');
  await writeFile(config, `[registry."${registry}"]\n  http = true\n`);
  const address = `unix://${folder}/b.sock`;
  const ask = (...args: readonly string[]) => run(buildctl, ['--addr', address, ...args], { signal });
  const daemon = await startDaemon({
    program: buildkitd,
    args: [
      ...['--config', config, '--addr', address, '--root', join(folder, 'data')],
      ...['--containerd-worker=false', '--oci-worker=true', '--oci-worker-binary', peerPath('RUNC')],
      ...['--oci-worker-net', 'host'],
    ],
    log: join(folder, 'log'),
    isUp: () => ask('debug', 'workers'),
    signal,
  });
  started.use(daemon);
  const version = /v[\d.]+/.exec(await ask('--version'))?.[0] ?? '';
  const all = started.move();
  return {
    name: `buildkit ${version.replace('v', '')}`,
    build: async (context, tag) => {
      const places = ['--local', `context=${context}`, '--local', `dockerfile=${context}`];
      const output = `type=image,name=${tag},push=true`;
      const network = ['--opt', 'force-network-mode=none'];
      await ask('build', '--frontend=dockerfile.v0', ...places, ...network, '--output', output, '--progress=plain');
    },
    // Its builds end with a push.
    push: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
