// Values of Bazel's workspace status in an image's settings: `{BUILD_TIMESTAMP}`, `{STABLE_GIT_COMMIT}`.
import { ToolError } from '../../lib/errors.ts';
import type { ImageSettings } from './build_image.ts';

/** The lines `KEY value` of a workspace status file. */
export function parseStatus(text: string): Map<string, string> {
  const status = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) status.set(line.slice(0, space), line.slice(space + 1));
  }
  return status;
}

/** The settings with `{KEY}` replaced in env, labels, annotations and creation time. Throws OCI_STAMP_UNKNOWN. */
export function stampSettings(settings: ImageSettings, status: ReadonlyMap<string, string>): ImageSettings {
  const texts = (values: Readonly<Record<string, string>> | undefined, attribute: string) =>
    Object.fromEntries(
      Object.entries(values ?? {}).map(([key, value]) => [key, stamp(value, { status, what: `${attribute} ${key}` })]),
    );
  // An image that is stamped says when it was made, unless it is told another time.
  const created = stamp(settings.created ?? '{BUILD_TIMESTAMP}', { status, what: 'creation_time' });
  return {
    ...settings,
    created,
    env: texts(settings.env, 'env'),
    labels: texts(settings.labels, 'labels'),
    annotations: texts(settings.annotations, 'annotations'),
  };
}

export interface StampOptions {
  readonly status: ReadonlyMap<string, string>;
  /** The attribute whose value is stamped. */
  readonly what: string;
  /** What is being done, as a participle with its object. Default: Building image. */
  readonly doing?: string;
}

/** The text with `{KEY}` replaced. Throws OCI_STAMP_UNKNOWN. */
export function stamp(text: string, { status, what, doing = 'Building image' }: StampOptions): string {
  return text.replaceAll(/\{([A-Z][A-Z0-9_]*)\}/g, (whole, key: string) => {
    const value = status.get(key);
    if (value === undefined) {
      throw new ToolError('OCI_STAMP_UNKNOWN', `${doing}: '${what}' has ${whole}, which the workspace status lacks`, {
        hint: `Print a line "${key} value" in the program of --workspace_status_command; there are ${[...status.keys()].join(', ')}.`,
      });
    }
    return value;
  });
}
