// What the rules of Go, Java and Python run for code of protos: a request as a JSON file.
import { readFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { type CodeRequest, generateCode } from './protoc.ts';

await runMain(async ({ argv }) => {
  const [request] = argv;
  if (request === undefined) throw new Error('usage: protoc REQUEST.json');
  // Written by the rules themselves, so its form is known.
  await generateCode(JSON.parse(await readFile(request, 'utf8')) as CodeRequest);
});
