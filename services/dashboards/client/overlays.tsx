// What lies over the page: search, alerts, keys.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { AlertList, BudgetList, BudgetsLimited } from './alerts.tsx';
import { alerts, list } from './data.ts';
import { matches } from './list.tsx';
import { openDashboard, overlay } from './state.ts';

const close = () => void (overlay.value = 'none');

function Sheet({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // As a modal one it keeps the keyboard inside, and gives it back.
    sheet.current?.showModal();
  }, []);
  return (
    <dialog
      class="sheet"
      ref={sheet}
      aria-label={label}
      onCancel={close}
      onClick={(event) => {
        if (event.target === sheet.current) close();
      }}
    >
      <div class="sheet-body">{children}</div>
    </dialog>
  );
}

const MOST = 50;

/** The list that it opens is no datalist, as its type would have it. */
const COMBOBOX: object = { role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'found' };

function Search() {
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const found = (list.value?.dashboards ?? []).filter((entry) => matches(entry, wanted)).slice(0, MOST);
  const current = Math.min(at, found.length - 1);
  const open = (index: number) => {
    const entry = found[index];
    if (entry === undefined) return;
    close();
    openDashboard(entry.namespace, entry.name);
  };
  return (
    <Sheet label="Search dashboards">
      <input
        type="search"
        autofocus
        placeholder="Search dashboards"
        aria-label="Search dashboards"
        {...COMBOBOX}
        {...(found.length === 0 ? {} : { 'aria-activedescendant': `found-${current}` })}
        value={wanted}
        onInput={(event) => {
          setWanted(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            setAt(Math.max(0, Math.min(found.length - 1, current + step)));
          } else if (event.key === 'Enter') open(current);
        }}
      />
      <div id="found" role="listbox" class="found" aria-label="Dashboards">
        {found.map((entry, index) => (
          <div
            key={`${entry.namespace}/${entry.name}`}
            id={`found-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => open(index)}
          >
            <b>{entry.title}</b>
            <span class="muted">
              {entry.namespace}/{entry.name}
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 ? <p class="muted calm">No dashboard is called like that.</p> : null}
    </Sheet>
  );
}

function Alerts() {
  const budgets = alerts.value?.budgets ?? [];
  return (
    <Sheet label="Alerts">
      <h2>Alerts</h2>
      <AlertList />
      {budgets.length === 0 ? null : <h2>Error budgets</h2>}
      <BudgetsLimited />
      <BudgetList budgets={budgets} />
      <button type="button" class="primary" onClick={close}>
        Close
      </button>
    </Sheet>
  );
}

export const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'search dashboards'],
  ['t', 'choose a time'],
  ['r', 'ask again'],
  ['a', 'alerts'],
  ['← →', 'earlier, later'],
  ['↑ ↓', 'shorter, longer time'],
  ['n', 'back to the last hour'],
  ['d', 'light or dark'],
  ['h', 'all dashboards'],
  ['?', 'these keys'],
  ['Esc', 'close'],
];

function Help() {
  return (
    <Sheet label="Keys">
      <h2>Keys</h2>
      <table class="keys">
        <tbody>
          {KEYS.map(([key, what]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted">
        Drag across a chart to zoom in. A click on a series shows it alone; with Shift it is shown or hidden beside the
        others.
      </p>
      <button type="button" class="primary" onClick={close}>
        Close
      </button>
    </Sheet>
  );
}

export function Overlays() {
  if (overlay.value === 'search') return <Search />;
  if (overlay.value === 'alerts') return <Alerts />;
  if (overlay.value === 'help') return <Help />;
  return null;
}
