// The namespace of whoever runs a verb: rendered as a placeholder, replaced before anything is planned.
import { type PersonalNamespaceOptions, personalNamespace } from '../../lib/user.ts';
import { mapStrings } from './object.ts';

/** What stands for the personal namespace in rendered manifests, also inside of strings. */
export const PLACEHOLDER = 'myns-placeholder';

/** Whether any string of `value` names the placeholder. */
export function hasPlaceholder(value: unknown): boolean {
  return JSON.stringify(value).includes(PLACEHOLDER);
}

/** `value` with the placeholder replaced in every string. */
export function replacePlaceholder<T>(value: T, namespace: string): T {
  return mapStrings(value, (text) => (text.includes(PLACEHOLDER) ? text.replaceAll(PLACEHOLDER, namespace) : text));
}

/**
 * `value` for the person who runs this; their name is only asked where the placeholder occurs.
 * Throws NAMESPACE_RESERVED and NAMESPACE_NO_USER.
 */
export function personalize<T>(value: T, options: PersonalNamespaceOptions): T {
  if (!hasPlaceholder(value)) return value;
  const reserved = (options.reserved ?? []).filter((name) => name !== PLACEHOLDER);
  return replacePlaceholder(value, personalNamespace({ ...options, reserved }));
}
