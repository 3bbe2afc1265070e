// `runtime FOLDER LAYER…`: see writeRuntime.
import { runMain } from '../lib/cli.ts';
import { writeRuntime } from './runtime.ts';

await runMain(async ({ argv }) => {
  const [folder = '', ...layers] = argv;
  await writeRuntime(layers, folder);
});
