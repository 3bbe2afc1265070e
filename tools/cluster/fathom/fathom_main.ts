// `./fathom COMMAND`: run from source by node, before anything is built, so node's own modules are all that it uses.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain, type MainContext } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { createLog, type Log } from '../../lib/log.ts';
import { cacheRoot } from '../../lib/state.ts';
import { bundleCommand } from './bundle/bundle.ts';
import { doctor } from './doctor.ts';
import { downCommand, envCommand, kubeconfigCommand, kubectlCommand, statusCommand } from './cluster_commands.ts';
import { loadCommand } from './load_command.ts';
import { logsCommand } from './logs_command.ts';
import { addNodeCommand, startNodeCommand, stopNodeCommand } from './node_commands.ts';
import { openCommand } from './open_command.ts';
import { testCommand } from './test_command.ts';
import { upCommand } from './up_command.ts';

/** What every command gets. */
export interface CommandContext {
  readonly args: readonly string[];
  /** The environment, with the cache folder's programs at the end of PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The checkout. */
  readonly root: string;
}

const COMMANDS: Readonly<
  Record<string, { readonly help: string; readonly run: (context: CommandContext) => Promise<number> }>
> = {
  up: {
    help: 'install what is missing, build, start the cluster, and deploy the example stack and monitoring; --provider, --nodes, --without, --dry-run',
    run: upCommand,
  },
  down: { help: 'take the cluster and its state away; of one that others run, the record', run: downCommand },
  test: { help: 'run all tests; --full adds the long ones', run: testCommand },
  status: { help: 'say what runs where', run: statusCommand },
  open: { help: 'print the address of the page of dashboards, which is there until Ctrl-C; --port', run: openCommand },
  kubectl: { help: 'run the matching kubectl: ./fathom kubectl get pods -A', run: kubectlCommand },
  logs: { help: 'the log of a process of the cluster: ./fathom logs node-1 kubelet', run: logsCommand },
  load: { help: 'give an image to all nodes without a registry: ./fathom load image.tar', run: loadCommand },
  'add-node': { help: 'add a node to the cluster, while it runs', run: addNodeCommand },
  'stop-node': { help: 'stop a node, as a loss of power would: ./fathom stop-node node-2', run: stopNodeCommand },
  'start-node': { help: 'start a stopped node again: ./fathom start-node node-2', run: startNodeCommand },
  kubeconfig: { help: 'print the path of the kubeconfig', run: kubeconfigCommand },
  env: { help: 'print exports for a shell: eval "$(./fathom env)"', run: envCommand },
  doctor: { help: 'check what the machine needs, and say how to mend it; --provider', run: doctor },
  bundle: { help: 'write what a report of a defect needs into one file; --output', run: bundleCommand },
};

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(10)} ${help}`);
  return `usage: ./fathom COMMAND\n\n${lines.join('\n')}\n`;
}

async function main({ argv, env, signal }: MainContext): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(usage());
    return name === undefined ? 1 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new ToolError('FATHOM_NO_COMMAND', `Running ./fathom ${name}: there is no such command`, {
      hint: `Run one of: ${Object.keys(COMMANDS).join(', ')}.`,
    });
  }
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  const path = `${env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}:${join(cacheRoot(env), 'bin')}`;
  // Bazel runs programs elsewhere: a relative folder is meant as seen from here.
  const state = env['FATHOM_STATE'] ? { FATHOM_STATE: resolve(env['FATHOM_STATE']) } : {};
  return command.run({ args, env: { ...env, ...state, PATH: path }, signal, log: createLog(), root });
}

await runMain(main);
