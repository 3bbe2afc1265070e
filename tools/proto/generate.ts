// Runs protoc with the ts-proto plugin, and puts what it makes where Bazel expects it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { runProtoc } from './protoc.ts';

/** A module that generated code may import. */
export interface ProtoModule {
  /** The name by which protos import it: `google/protobuf/timestamp.proto`. */
  readonly proto: string;
  /** Its TypeScript from the root of the tree, without extension. */
  readonly module: string;
}

/** What ts_proto_library asks for. */
export interface GenerateRequest {
  /** The target, for messages. */
  readonly label: string;
  readonly protoc: string;
  /** The plugin's executable. */
  readonly plugin: string;
  /** Folders in which protoc looks for imports. */
  readonly roots: readonly string[];
  /** Options of ts-proto beyond {@link OPTIONS}; they come last, so they win. */
  readonly options: readonly string[];
  readonly files: readonly (ProtoModule & { readonly code: string; readonly descriptor: string })[];
  readonly modules: readonly ProtoModule[];
}

/** How code is generated. Enums are literals: code that a compiler can erase. See https://github.com/stephenh/ts-proto. */
const OPTIONS = [
  'outputServices=grpc-js',
  'importSuffix=.ts',
  'esModuleInterop=true',
  'enumsAsLiterals=true',
  'annotateFilesWithVersion=false',
];

/**
 * ts-proto's options that say where the code of imported protos is, for those that are not beside the importing file
 * as their import names would have it. ts-proto takes `./x` as a path from the root of the import names.
 */
export function importMappings(file: ProtoModule, modules: readonly ProtoModule[]): string[] {
  const options: string[] = [];
  for (const { proto, module } of modules) {
    const expected = relative(dirname(file.proto), proto.slice(0, -'.proto'.length));
    const actual = relative(dirname(file.module), module);
    if (proto === file.proto || expected === actual) continue;
    options.push(`M${proto}=${actual.startsWith('../') ? actual : `./${join(dirname(file.proto), actual)}`}.ts`);
  }
  return options;
}

/** Generates the code and the descriptor of every file of `request`. */
export async function generate(request: GenerateRequest): Promise<void> {
  const { label, protoc, plugin, roots, options, files, modules } = request;
  const folder = await mkdtemp(join(tmpdir(), 'proto-'));
  try {
    const imports = roots.map((root) => `-I${root}`);
    for (const [index, file] of files.entries()) {
      const out = join(folder, String(index));
      const set = join(out, 'descriptor_set.pb');
      await mkdir(out);
      const args = [
        ...imports,
        `--plugin=protoc-gen-ts_proto=${resolve(plugin)}`,
        `--ts_proto_out=${out}`,
        `--ts_proto_opt=${[...OPTIONS, ...options, ...importMappings(file, modules)].join(',')}`,
        `--descriptor_set_out=${set}`,
        '--include_imports',
        file.proto,
      ];
      await runProtoc(args, { label, protoc, language: 'TypeScript' });
      const code = await readFile(join(out, `${file.proto.slice(0, -'.proto'.length)}.ts`), 'utf8');
      await writeFile(file.code, code);
      await writeFile(file.descriptor, descriptorModule(file.proto, await readFile(set)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function descriptorModule(proto: string, set: Buffer): string {
  return `// ${proto} and all that it imports as a google.protobuf.FileDescriptorSet. Generated: do not edit.
export const descriptorSetBase64: string =
  '${set.toString('base64')}';
`;
}
