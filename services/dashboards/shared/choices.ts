// What the page and the status choose where nobody has.
import type { Variable } from '../../../tools/dashboards/model.ts';
import type { VariablesAnswer } from './api.ts';

/** The first value of each variable that has some, by its name. */
export function firstValues(
  variables: readonly Variable[],
  answer: VariablesAnswer,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    variables.flatMap(({ name }) => (answer[name]?.values ?? []).slice(0, 1).map((value) => [name, [value]] as const)),
  );
}
