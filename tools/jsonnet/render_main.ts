// What jsonnet_to_json runs: a request as a JSON file.
import { readFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { render, type RenderRequest } from './render.ts';

await runMain(async ({ argv }) => {
  const [request] = argv;
  if (request === undefined) throw new Error('usage: render REQUEST.json');
  // Written by the rules themselves, so its form is known.
  await render(JSON.parse(await readFile(request, 'utf8')) as RenderRequest);
});
