// The program behind the targets of k8s_pins and k8s_pins_matrix. A command loads only what it needs.
import { runMain } from '../../lib/cli.ts';
import { createLog } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { readServicePins } from './config.ts';
import { type PinsContext, workspaceOf } from './context.ts';
import { parseInvocation, parseOptions } from './options.ts';

await runMain(async ({ argv, env, signal }) => {
  const { command, services, rest } = parseInvocation(argv);
  const context: PinsContext = {
    options: parseOptions(command, rest),
    services: await Promise.all(services.map(readServicePins)),
    workspace: workspaceOf(env),
    env,
    log: createLog(),
    signal,
    resolve: (path) => runfile(path, env),
    print: (line) => void process.stdout.write(`${line}\n`),
  };
  switch (command) {
    case 'release':
      return (await import('./release.ts')).release(context);
    case 'promote':
      return (await import('./promote.ts')).promote(context);
    case 'restore':
      return (await import('./restore.ts')).restore(context);
    case 'matrix':
      return (await import('./matrix.ts')).matrix(context);
  }
});
