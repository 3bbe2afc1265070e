// The error of what can't be told: never is anything left out silently.
import { ToolError } from '../../../lib/errors.ts';
import { type Expression, position, textOf } from './syntax.ts';

/** DOCS_UNRESOLVED with the place of an expression. `why` defaults to that its form is not known. */
export function unresolved(at: Expression, why = `\`${textOf(at)}\` has a form that is not known`): ToolError {
  return new ToolError('DOCS_UNRESOLVED', `Reading ${position(at)}: ${why}`, {
    hint: 'Write it with literals, names, dict(), + and attr.*; or teach tools/ci/docs/starlark/evaluate.ts the form.',
  });
}
