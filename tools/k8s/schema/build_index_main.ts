// The build action behind kubernetes_schemas.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runMain } from '../../lib/cli.ts';
import { type SourceFile, buildIndex } from './build_index.ts';
import { standaloneValidators } from './standalone.ts';

const read = async (path: string): Promise<SourceFile> => ({ path, text: await readFile(path, 'utf8') });

await runMain(async ({ argv }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      'go-mod': { type: 'string', default: '' },
      'open-api': { type: 'string', multiple: true, default: [] },
      'api-types': { type: 'string', multiple: true, default: [] },
      enums: { type: 'string', default: '' },
      index: { type: 'string', default: '' },
      validators: { type: 'string', default: '' },
    },
  });
  const index = buildIndex({
    goMod: await readFile(values['go-mod'], 'utf8'),
    openApi: await Promise.all(values['open-api'].map(read)),
    apiTypes: await Promise.all(values['api-types'].map(read)),
    enums: await readFile(values.enums, 'utf8'),
  });
  await writeFile(values.index, JSON.stringify(index));
  await writeFile(values.validators, standaloneValidators(index));
});
