// `./fathom open [--port=N]`: the page of dashboards, until Ctrl-C.
import { bazelProgram } from './packages.ts';
import { runningState } from './cluster_commands.ts';
import type { CommandContext } from './fathom_main.ts';
import { runVisibly } from './run.ts';

export async function openCommand({ args, env, root, signal }: CommandContext): Promise<number> {
  // Said before anything is built.
  await runningState(env);
  const command = [
    bazelProgram(env),
    'run',
    '--ui_event_filters=-info',
    '--noshow_progress',
    '--show_result=0',
  ] as const;
  return runVisibly([...command, '//tools/cluster:open', '--', ...args], {
    cwd: root,
    env,
    signal,
    what: 'Opening the page',
    hint: 'Its own output above says why.',
  });
}
