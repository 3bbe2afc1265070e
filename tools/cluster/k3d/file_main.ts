// Writes one file of a k3d cluster: `file_main REFERENCE OUTPUT`, where the output's name says which.
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { runMain } from '../../lib/cli.ts';
import { k3dConfig, registriesYaml } from './config.ts';
import { k3dSettings } from './settings.ts';

await runMain(async ({ argv: [registry = '', output = ''] }) => {
  const settings = k3dSettings({ name: 'fathom', registry });
  await writeFile(output, basename(output) === 'k3d.yaml' ? k3dConfig(settings) : registriesYaml(settings));
});
