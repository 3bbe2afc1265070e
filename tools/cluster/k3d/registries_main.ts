// Writes registries.yaml: `registries_main REFERENCE OUTPUT`.
import { writeFile } from 'node:fs/promises';
import { runMain } from '../../lib/cli.ts';
import { registriesYaml } from './config.ts';
import { k3dSettings } from './settings.ts';

await runMain(async ({ argv: [registry = '', output = ''] }) => {
  await writeFile(output, registriesYaml(k3dSettings({ name: 'fathom', registry })));
});
