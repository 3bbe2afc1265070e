// bazel run //docs:serve [-- --port=8000]: the site at an address of this machine, until Ctrl-C.
import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { runMain } from '../../../lib/cli.ts';
import { runfile } from '../../../lib/runfiles.ts';
import { serveFolder } from './server.ts';

const parsePort = (text: string) => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be from 0 to 65535.');
  return port;
};

await runMain(async ({ argv, signal }) => {
  const command = new Command('serve')
    .description('Serves the documentation on the loopback, until Ctrl-C.')
    .option('--port <number>', 'where it listens; 0: at a free port', parsePort, 0);
  command.parse([...argv], { from: 'user' });
  const { port } = command.opts<{ port: number }>();
  await using server = await serveFolder(runfile('fathom/docs/site'), port);
  process.stdout.write(`${server.url}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
