// Choices that narrow down what a dashboard shows.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { VariablesAnswer } from '../shared/api.ts';
import type { Variable } from '../../../tools/dashboards/model.ts';
import { useAnswer } from './load.ts';
import { ends, go, view } from './state.ts';

export function Variables({ base, variables }: { readonly base: string; readonly variables: readonly Variable[] }) {
  const { from, to } = ends.value;
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(view.value.variables))
    for (const value of values) query.append(`var-${name}`, value);
  // Asked for anew each minute at most: which pods there are changes slowly.
  query.set('from', (Math.floor(from / 60) * 60).toFixed(0));
  query.set('to', (Math.ceil(to / 60) * 60).toFixed(0));
  const loaded = useAnswer<VariablesAnswer>(
    variables.length === 0 ? undefined : `${base}/variables?${query.toString()}`,
    0,
    base,
  );
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
  const chosen = view.value.variables[name] ?? [];
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
  const shown = chosen.length === 0 ? 'all' : chosen.length > 2 ? `${chosen.length} chosen` : chosen.join(', ');
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
          <label>
            <input type={multi ? 'checkbox' : 'radio'} checked={chosen.length === 0} onChange={() => choose([])} /> all
          </label>
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
