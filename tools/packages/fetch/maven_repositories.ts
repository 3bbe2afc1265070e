// Stage 0: where Maven artifacts come from. Configuration alone decides, in the order of Maven's own client:
// FATHOM_MAVEN_MIRROR, a mirror of `central` in settings.xml, the repository `central` of Maven's super POM.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { elements, elementText } from './xml_text.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The user's settings.xml, or an empty text. */
export async function readSettings(env: Env): Promise<string> {
  const path = join(env['HOME'] || homedir(), '.m2', 'settings.xml');
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw new ToolError('MAVEN_SETTINGS_UNREADABLE', `Reading ${path}: ${code}`, {
      cause: error,
      hint: 'Make it readable, or set FATHOM_MAVEN_MIRROR.',
    });
  }
}

/**
 * Base URLs that the environment and `settings` name for the repository `central`; none means Maven's default.
 * Credentials of the mirror's server go into the URL. Throws MAVEN_PASSWORD_ENCRYPTED.
 */
export function configuredRepositories(env: Env, settings: string): readonly string[] {
  const own = (env['FATHOM_MAVEN_MIRROR'] ?? '').split(/\s+/).filter((url) => url !== '');
  if (own.length > 0) return own.map(withoutSlash);
  const mirror = elements(settings, 'mirror').find(
    (block) => isMirrorOfCentral(elementText(block, 'mirrorOf') ?? '') && elementText(block, 'blocked') !== 'true',
  );
  const url = mirror === undefined ? undefined : elementText(mirror, 'url');
  if (mirror === undefined || url === undefined) return [];
  const id = elementText(mirror, 'id');
  const server = elements(settings, 'server').find((block) => elementText(block, 'id') === id);
  return [withoutSlash(withCredentials(interpolate(url, env), server, env))];
}

/** The URL of `central` in Maven's super POM. Throws MAVEN_SUPER_POM_UNKNOWN. */
export function centralOf(superPom: string): string {
  const central = elements(superPom, 'repository').find((block) => elementText(block, 'id') === 'central');
  const url = central === undefined ? undefined : elementText(central, 'url');
  if (url === undefined) {
    throw new ToolError('MAVEN_SUPER_POM_UNKNOWN', "Reading Maven's super POM: it has no repository `central`", {
      hint: 'Set FATHOM_MAVEN_MIRROR to the base URL of a repository.',
    });
  }
  return withoutSlash(url);
}

/** Whether a <mirrorOf> (`*`, `external:*`, `central`, `*,!central`) holds for `central`. */
function isMirrorOfCentral(mirrorOf: string): boolean {
  const words = mirrorOf.split(',').map((word) => word.trim());
  return !words.includes('!central') && words.some((word) => ['*', 'external:*', 'central'].includes(word));
}

function withCredentials(url: string, server: string | undefined, env: Env): string {
  const username = server === undefined ? undefined : elementText(server, 'username');
  const password = server === undefined ? undefined : elementText(server, 'password');
  if (username === undefined || password === undefined) return url;
  if (/^\{.*\}$/.test(password)) {
    throw new ToolError('MAVEN_PASSWORD_ENCRYPTED', 'Reading settings.xml: the password of the mirror is encrypted', {
      hint: 'Write it as ${env.NAME} and set that variable, or set FATHOM_MAVEN_MIRROR.',
    });
  }
  const authorized = new URL(url);
  authorized.username = interpolate(username, env);
  authorized.password = interpolate(password, env);
  return authorized.href;
}

function interpolate(text: string, env: Env): string {
  return text.replaceAll(/\$\{env\.([^}]+)\}/g, (_match, name: string) => env[name] ?? '');
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
