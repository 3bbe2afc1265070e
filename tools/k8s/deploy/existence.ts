// What create and replace ask of a cluster before they begin. Pure.
import { ToolError } from '../../lib/errors.ts';
import { nameOf } from '../model/object.ts';
import { type Plan, wanted } from './plan.ts';

/** Refuses `create` where something exists, and `replace` where something does not. Throws K8S_EXISTS, K8S_ABSENT. */
export function requireExistence(plan: Plan, verb: 'create' | 'replace'): void {
  const offending = wanted(plan).filter(({ live }) => (verb === 'create') === (live !== undefined));
  if (offending.length === 0) return;
  const names = offending.map(({ object }) => nameOf(object)).join(', ');
  throw verb === 'create'
    ? new ToolError('K8S_EXISTS', `Planning create: these exist already: ${names}`, {
        hint: 'Use .apply, which changes what exists.',
      })
    : new ToolError('K8S_ABSENT', `Planning replace: these do not exist: ${names}`, {
        hint: 'Use .apply, which creates what does not exist.',
      });
}
