// What `bazel test` of a java_test runs: JUnit's console, with the class path of the tests.
// Speaks Bazel's test protocol (https://bazel.build/reference/test-encyclopedia): XML_OUTPUT_FILE, filter.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain } from '../lib/cli.ts';
import { systemErrorCode } from '../lib/errors.ts';
import { consoleArguments, emptyRun } from './test_results.ts';

await runMain(async ({ argv, env }) => {
  const [java = '', classPath = '', ...flags] = argv;
  const [jar = ''] = classPath.split(':');
  const filter = env['TESTBRIDGE_TEST_ONLY'] ?? '';
  const reports = await mkdtemp(join(tmpdir(), 'junit-'));
  try {
    const launcher = 'org.junit.platform.console.ConsoleLauncher';
    const args = [...flags, '-cp', classPath, launcher, ...consoleArguments(jar, reports, filter)];
    const child = spawn(java, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve(status ?? 1));
    });
    const xml = await readFile(join(reports, 'TEST-junit-jupiter.xml'), 'utf8').catch((error: unknown) => {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      return undefined;
    });
    if (env['XML_OUTPUT_FILE'] && xml !== undefined) await writeFile(env['XML_OUTPUT_FILE'], xml);
    if (code !== 0) return code;
    const problem = emptyRun(xml, filter);
    if (problem === undefined) return 0;
    process.stderr.write(`${problem}\n`);
    return 1;
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
});
