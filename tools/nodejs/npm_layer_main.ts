// The program of the NodejsNpmLayer action: `npm_layer_main <params.json>`; see private/layers.bzl for the fields.
import { runTool } from '../lib/worker.ts';
import { ToolError } from '../lib/errors.ts';
import { asObject, asString } from '../oci/image/model.ts';
import { readJson } from '../oci/image/read_json.ts';
import { buildLayer, parseParameters } from '../oci/layer/build_layer.ts';
import { npmSources, parseNpmParameters } from './npm_sources.ts';

await runTool(async ({ argv }) => {
  const [path] = argv;
  if (path === undefined) {
    throw new ToolError('OCI_USAGE', 'Building an npm layer: no parameter file given', {
      hint: 'Name the parameter file as the only argument.',
    });
  }
  const value = asObject(await readJson(path), path);
  const { packages, roots, elsewhere } = parseNpmParameters(value, path);
  const folder = asString(value['folder'], `${path}.folder`);
  const sources = await npmSources(packages, { roots, folder, elsewhere: new Set(elsewhere) });
  await buildLayer(parseParameters({ ...value, sources }, path));
});
