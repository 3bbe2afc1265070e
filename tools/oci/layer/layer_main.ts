// The program of the OciLayer action: one parameter file in, one blob and its descriptor out.
import { runTool } from '../../lib/worker.ts';
import { ToolError } from '../../lib/errors.ts';
import { buildLayer, parseParameters } from './build_layer.ts';
import { readJson } from '../image/read_json.ts';

await runTool(async ({ argv }) => {
  const [path] = argv;
  if (path === undefined) {
    throw new ToolError('OCI_USAGE', 'Building a layer: no parameter file given', {
      hint: 'Name the parameter file as the only argument.',
    });
  }
  await buildLayer(parseParameters(await readJson(path), path));
});
