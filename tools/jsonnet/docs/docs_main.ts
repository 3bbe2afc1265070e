// What jsonnet_docs_test runs: REQUEST, a JSON file; writes the page as an outcome for the comparison with its golden file.
import { readFile, writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import type { Outcome } from '../request.ts';
import { readLibrary } from './functions.ts';
import { type Description, page } from './page.ts';

/** What the rule writes down. */
interface DocsRequest {
  readonly description: string;
  readonly sources: readonly { readonly name: string; readonly path: string }[];
  readonly outcome: string;
  readonly update: string;
}

await runMain(async ({ argv }) => {
  // Written by the rule and by Jsonnet, so their forms are known.
  const request = JSON.parse(await readFile(argv[0] ?? '', 'utf8')) as DocsRequest;
  const description = JSON.parse(await readFile(request.description, 'utf8')) as Description;
  const libraries = await Promise.all(
    request.sources.map(async ({ name, path }) => readLibrary(name, await readFile(path, 'utf8'))),
  );
  const text = page(description, { libraries, update: request.update });
  const outcome: Outcome = { exitCode: 0, message: '', files: { '': text } };
  await writeFile(request.outcome, JSON.stringify(outcome));
});
