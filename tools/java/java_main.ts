// What the rules of Java run: a request as a JSON file.
import { readFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { compileJava, type CompileRequest } from './compile.ts';

await runMain(async ({ argv }) => {
  // Written by the rules themselves, so its form is known.
  await compileJava(JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as CompileRequest);
});
