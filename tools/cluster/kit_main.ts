// Writes kit.json: `kit_main @params`, where the params are `--output F`, then `--file NAME PATH RUNFILE` and
// `--image ROLE PATH RUNFILE REFERENCE` for each file, one word a line.
import { readFile, writeFile } from 'node:fs/promises';
import { runMain } from '../lib/cli.ts';
import { digestOfFile } from '../lib/digest.ts';
import type { Kit, KitFile, KitImage } from './kit.ts';

await runMain(async ({ argv }) => {
  const words = (await readFile((argv[0] ?? '').slice(1), 'utf8')).split('\n');
  const next = () => words.shift() ?? '';
  let output = '';
  const files: KitFile[] = [];
  const images: Record<string, KitImage> = {};
  const add = async (name: string) => {
    const path = next();
    files.push({ name, path: `runfile:${next()}`, digest: await digestOfFile(path) });
  };
  for (let flag = next(); flag !== ''; flag = next()) {
    if (flag === '--output') output = next();
    if (flag === '--file') await add(next());
    if (flag === '--image') {
      const role = next();
      const file = `images/${role}.tar`;
      await add(file);
      images[role] = { file, reference: next() };
    }
  }
  const kit: Kit = { version: 1, files, images };
  await writeFile(output, `${JSON.stringify(kit, null, 2)}\n`);
});
