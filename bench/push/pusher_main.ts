// What a verb does when it pushes the images of a stack, and nothing else: `pusher ITEMS.json 127.0.0.1:5000`.
import { readFile } from 'node:fs/promises';
import { runMain } from '../../tools/lib/cli.ts';
import { createLog } from '../../tools/lib/log.ts';
import { type PushItem, pushImages } from '../../tools/oci/registry/push.ts';

await runMain(async ({ argv, signal }) => {
  const [file = '', endpoint = ''] = argv;
  const items = JSON.parse(await readFile(file, 'utf8')) as readonly PushItem[];
  const { uploadedBytes } = await pushImages(items, { endpoint, plainHttp: true, log: createLog(), signal });
  process.stdout.write(`${uploadedBytes}\n`);
});
