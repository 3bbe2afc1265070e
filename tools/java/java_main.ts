// What the rules of Java run: a request as a JSON file, and after it the class path.
import { readFile } from 'node:fs/promises';
import { runTool } from '../lib/worker.ts';
import { compileJava, type CompileRequest } from './compile.ts';

await runTool(async ({ argv: [file = '', ...classPath] }) => {
  // Written by the rules themselves, so its form is known.
  await compileJava({ ...JSON.parse(await readFile(file, 'utf8')), classPath } as CompileRequest);
});
