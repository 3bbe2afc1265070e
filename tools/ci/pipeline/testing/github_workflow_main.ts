// Checks workflows with GitHub's own parser. A program, and bundled: node alone does not load the schema that it imports.
import { readFile } from 'node:fs/promises';
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';
import { runMain } from '../../../lib/cli.ts';

await runMain(async ({ argv }) => {
  let problems = 0;
  for (const name of argv) {
    const { context, value } = parseWorkflow(
      { name, content: await readFile(name, 'utf8') },
      new NoOperationTraceWriter(),
    );
    const found = context.errors.getErrors().map(({ message }) => message);
    const { errors = [] } = value === undefined ? {} : await convertWorkflowTemplate(context, value);
    const lines = new Set([...found, ...errors.map(({ Message }) => Message)]);
    for (const line of lines) process.stdout.write(`${line}\n`);
    problems += lines.size;
  }
  return problems === 0 ? 0 : 1;
});
