// Runs protoc, with whatever makes code of protos.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ToolError } from '../lib/errors.ts';

/** Runs protoc for the target `label`; throws PROTO_INVALID with what protoc says of file and line. */
export async function runProtoc(
  args: readonly string[],
  { label, protoc, language }: { readonly label: string; readonly protoc: string; readonly language: string },
): Promise<void> {
  const output = await new Promise<string | undefined>((settle) => {
    execFile(protoc, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      settle(error === null ? undefined : `${stdout}${stderr}`.trim() || error.message),
    );
  });
  if (output !== undefined) {
    throw new ToolError('PROTO_INVALID', `Generating ${language} of ${label}: ${output}`, {
      hint: 'Correct the .proto file at the line above; protos that it imports belong into deps of its proto_library.',
    });
  }
}

/** One of the things that make code: a program, or what protoc has built in. */
export interface ProtocPlugin {
  /** `go`, for the arguments `--go_out` and `--go_opt`. */
  readonly name: string;
  /** The program. Default: protoc has it built in. */
  readonly program?: string;
  readonly options: readonly string[];
}

/** What the rules of the languages ask for: all code of some protos in one folder. */
export interface CodeRequest {
  /** The target, for messages. */
  readonly label: string;
  /** The language's name, for messages. */
  readonly language: string;
  readonly protoc: string;
  /** Folders in which protoc looks for imports. */
  readonly roots: readonly string[];
  /** The protos, by the names by which others import them. */
  readonly protos: readonly string[];
  readonly plugins: readonly ProtocPlugin[];
  /** The folder that gets the code. */
  readonly output: string;
}

/** Makes the code of every proto of `request`, in one run of protoc. */
export async function generateCode(request: CodeRequest): Promise<void> {
  const { roots, plugins, output, protos } = request;
  await mkdir(output, { recursive: true });
  await runProtoc([...roots.map((root) => `-I${root}`), ...pluginArguments(plugins, output), ...protos], request);
}

/** protoc's arguments for `plugins`; exported for tests. */
export function pluginArguments(plugins: readonly ProtocPlugin[], output: string): string[] {
  return plugins.flatMap(({ name, program, options }) => [
    ...(program === undefined ? [] : [`--plugin=protoc-gen-${name}=${resolve(program)}`]),
    `--${name}_out=${output}`,
    ...options.map((option) => `--${name}_opt=${option}`),
  ]);
}
