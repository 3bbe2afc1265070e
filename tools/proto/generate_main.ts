// What ts_proto_library runs: a request as a JSON file.
import { readFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { generate, type GenerateRequest } from './generate.ts';

await runMain(async ({ argv }) => {
  const [request] = argv;
  if (request === undefined) throw new Error('usage: generate REQUEST.json');
  // Written by ts_proto_library itself, so its form is known.
  await generate(JSON.parse(await readFile(request, 'utf8')) as GenerateRequest);
});
