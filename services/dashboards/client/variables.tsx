// Choices that narrow down what a dashboard shows.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { VariablesAnswer } from '../shared/api.ts';
import { firstValues } from '../shared/choices.ts';
import type { Variable } from '../../../tools/dashboards/model.ts';
import { type Loaded, useAnswer } from './load.ts';
import { ends, go, round, view } from './state.ts';

/** What may be chosen, and whether panels may ask. */
export interface Choices {
  readonly loaded: Loaded<VariablesAnswer>;
  /** Whether each variable that is always one value has it, or has none to choose. */
  readonly isSettled: boolean;
}

/** Asks what may be chosen, and chooses the first value of each variable that is always one where the address has none. */
export function useChoices(base: string, variables: readonly Variable[]): Choices {
  const { from, to } = ends.value;
  const { variables: chosen } = view.value;
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(chosen)) for (const value of values) query.append(`var-${name}`, value);
  // Asked for anew each minute at most: which pods there are changes slowly.
  query.set('from', (Math.floor(from / 60) * 60).toFixed(0));
  query.set('to', (Math.ceil(to / 60) * 60).toFixed(0));
  const path = variables.length === 0 ? undefined : `${base}/variables?${query.toString()}`;
  const missing = variables.filter(({ name, multi }) => !multi && chosen[name] === undefined);
  // While something can't be chosen, each round looks for it, and so does a variable that has just come.
  const wanted = missing.map(({ name }) => name).join();
  const loaded = useAnswer<VariablesAnswer>(path, wanted === '' ? '' : `${wanted} ${round.value}`, base);
  // An answer to what was chosen before says nothing of a variable that is about another one.
  const isAnswered = loaded.of === path;
  const first = isAnswered && loaded.error === undefined ? firstValues(missing, loaded.value ?? {}) : {};
  const isFound = Object.keys(first).length > 0;
  useEffect(() => {
    // The way back leads to where somebody was, not to the address without it.
    if (isFound) go({ variables: { ...view.value.variables, ...first } }, true);
  }, [isFound, path]);
  return { loaded, isSettled: missing.length === 0 || (isAnswered && !isFound) };
}

interface VariablesProps {
  readonly variables: readonly Variable[];
  readonly choices: Choices;
}

export function Variables({ variables, choices: { loaded } }: VariablesProps) {
  return (
    <div class="variables">
      {variables.map((variable) => (
        <Choice key={variable.name} variable={variable} answer={loaded.value?.[variable.name]} error={loaded.error} />
      ))}
    </div>
  );
}

interface ChoiceProps {
  readonly variable: Variable;
  readonly answer: VariablesAnswer[string] | undefined;
  readonly error: string | undefined;
}

function Choice({ variable, answer, error }: ChoiceProps) {
  const { name, label, multi } = variable;
  const [isOpen, setOpen] = useState(false);
  const [wanted, setWanted] = useState('');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const close = (event: Event) => {
      const isOutside =
        event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node);
      if (isOutside) setOpen(false);
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, [isOpen]);
  const given = view.value.variables[name] ?? [];
  const chosen = multi ? given : given.slice(0, 1);
  const choose = (values: readonly string[]) => {
    const { [name]: _, ...others } = view.value.variables;
    go({ variables: values.length === 0 ? others : { ...others, [name]: values } });
    if (!multi) setOpen(false);
  };
  const toggleValue = (value: string) => {
    if (!multi) return choose([value]);
    return choose(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  };
  const values = [...new Set([...chosen, ...(answer?.values ?? [])])].filter((value) =>
    value.toLowerCase().includes(wanted.toLowerCase()),
  );
  const none = multi ? 'all' : 'none';
  const shown = chosen.length === 0 ? none : chosen.length > 2 ? `${chosen.length} chosen` : chosen.join(', ');
  const problem = error ?? answer?.error ?? answer?.limited;
  return (
    <div class="choice" ref={box}>
      <button type="button" aria-expanded={isOpen} aria-haspopup="listbox" onClick={() => setOpen(!isOpen)}>
        <span class="muted">{label}</span> {shown} <span aria-hidden="true">▾</span>
      </button>
      {isOpen ? (
        <div class="popover">
          <input
            type="search"
            placeholder={`Filter ${label}`}
            aria-label={`Filter ${label}`}
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
          {problem === undefined ? null : <p class="note limited">{problem}</p>}
          {multi ? (
            <label>
              <input type="checkbox" checked={chosen.length === 0} onChange={() => choose([])} /> all
            </label>
          ) : null}
          <div class="values">
            {values.map((value) => (
              <label key={value}>
                <input
                  type={multi ? 'checkbox' : 'radio'}
                  checked={chosen.includes(value)}
                  onChange={() => toggleValue(value)}
                />{' '}
                {value}
              </label>
            ))}
          </div>
        </div>
      ) : null}
    </div>
  );
}
