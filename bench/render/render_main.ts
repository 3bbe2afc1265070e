// `bazel run //bench/render -- [--output FILE] [--services 50,100,200]`: what it takes to render and validate generated
// services in four environments: a first build, one without changes, one with a change; and one Jsonnet program with
// different engines. Prints JSON.
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { runMain } from '../../tools/lib/cli.ts';
import { createLog, step } from '../../tools/lib/log.ts';
import { userPath } from '../../tools/lib/runfiles.ts';
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { compareEngines } from './engines.ts';
import { CONSTANTS, ENVIRONMENTS, jsonnetSource, packageOf, serviceFiles } from './services.ts';

await runMain(async ({ argv, env }) => {
  const command = new Command('render')
    .option('--output <file>', 'where the figures go')
    .option('--services <counts>', 'how many services', '50,100,200')
    .option('--rounds <number>', 'how often each engine renders', '5')
    .option('--engine <name=program>', 'another Jsonnet program to compare', (one, all: string[]) => [...all, one], [])
    .parse([...argv], { from: 'user' });
  const options = command.opts<{ output?: string; services: string; rounds: string; engine: string[] }>();
  const log = createLog();
  const fathom = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const engines = await step(
    'Comparing engines',
    () => compareEngines({ fathom, rounds: Number(options.rounds), others: options.engine, env }),
    { log },
  );
  const builds = [];
  const workspace = await createWorkspace(fathom, env);
  try {
    await workspace.write({
      'BUILD.bazel': 'filegroup(name = "image", visibility = ["//visibility:public"])\n',
      'cluster_constants.bzl': CONSTANTS,
    });
    await step('Building the tools', () => build(workspace, 1), { log });
    for (const count of options.services.split(',').map(Number))
      builds.push(await step(`Rendering ${count} services`, () => build(workspace, count), { log }));
  } finally {
    await workspace.end();
  }
  const result = {
    benchmark: 'render',
    machine: { cpus: cpus().length, memoryBytes: totalmem() },
    engines,
    builds,
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (options.output === undefined) process.stdout.write(text);
  else await writeFile(userPath(options.output, env), text);
  return 0;
});

/** Builds `count` services that nobody has built before, then again, then with one changed. */
async function build(workspace: Workspace, count: number) {
  const seed = `${Date.now().toString(36)}_${count}`;
  await workspace.writeServices({});
  await workspace.write(serviceFiles(count, seed));
  const first = await timed(workspace);
  const again = await timed(workspace);
  const last = packageOf(count - 1, seed);
  const name = last.slice('services/'.length);
  const called = count === 1 ? undefined : packageOf(Math.floor((count - 2) / 3), seed);
  await workspace.write({ [`${last}/${name}.jsonnet`]: jsonnetSource(name, called, 'debug') });
  const changed = await timed(workspace);
  return {
    services: count,
    environments: ENVIRONMENTS.length,
    firstSeconds: first.seconds,
    firstMillisecondsPerServiceAndEnvironment: Math.round((first.seconds * 1000) / (count * ENVIRONMENTS.length)),
    againSeconds: again.seconds,
    oneChangeSeconds: changed.seconds,
    processes: first.processes,
  };
}

async function timed(workspace: Workspace): Promise<{ readonly seconds: number; readonly processes: string }> {
  const startMs = performance.now();
  const { succeeded, output } = await workspace.bazel('build', '--color=no', '--curses=no', '//services/...');
  if (!succeeded) throw new Error(output.slice(-5000));
  const processes = /^INFO: (.*processes.*)$/m.exec(output)?.[1] ?? '';
  return { seconds: Math.round((performance.now() - startMs) / 10) / 100, processes };
}
