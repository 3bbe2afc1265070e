// A panel's series as they are now, a row each.
import { useState } from 'preact/hooks';
import type { Panel } from '../../../tools/dashboards/model.ts';
import type { Line } from './plot_data.ts';
import { severityOf } from './stat.tsx';
import { format } from './units.ts';

interface Row {
  readonly cells: readonly string[];
  readonly value: number | null;
}

const MOST = 200;

export function Table({ panel, lines }: { readonly panel: Panel; readonly lines: readonly Line[] }) {
  const [order, setOrder] = useState<{ readonly column: number; readonly isDown: boolean }>({
    column: -1,
    isDown: true,
  });
  const { names, rows } = rowsOf(panel, lines);
  const sorted = rows.toSorted((a, b) => compare(a, b, order.column) * (order.isDown ? -1 : 1));
  const sort = (column: number) =>
    setOrder((last) => ({ column, isDown: last.column === column ? !last.isDown : column === -1 }));
  const head = (name: string, column: number) => (
    <th
      key={name}
      scope="col"
      {...(order.column === column
        ? { 'aria-sort': order.isDown ? ('descending' as const) : ('ascending' as const) }
        : {})}
    >
      <button type="button" onClick={() => sort(column)}>
        {name} {order.column === column ? (order.isDown ? '↓' : '↑') : ''}
      </button>
    </th>
  );
  return (
    <div class="table" tabIndex={0} role="group" aria-label={panel.title}>
      <table>
        <thead>
          <tr>
            {names.map((name, column) => head(name, column))}
            {head('Value', -1)}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, MOST).map(({ cells, value }) => (
            <tr key={cells.join('\n')}>
              {cells.map((cell, column) => (
                <td key={names[column]}>{cell}</td>
              ))}
              <td class={severityOf(panel, value) ?? ''}>{format(value, panel.unit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** By the legend's names where there is a legend, else by those labels that tell the series apart. */
function rowsOf(
  panel: Panel,
  lines: readonly Line[],
): { readonly names: readonly string[]; readonly rows: readonly Row[] } {
  const valueOf = ({ values }: Line) => values.at(-1) ?? null;
  if (panel.queries.every(({ legend }) => legend !== undefined))
    return { names: ['Name'], rows: lines.map((line) => ({ cells: [line.name], value: valueOf(line) })) };
  const all = [...new Set(lines.flatMap(({ labels }) => Object.keys(labels)))].filter((label) => label !== '__name__');
  const different = all.filter((label) => new Set(lines.map(({ labels }) => labels[label])).size > 1);
  const names = different.length > 0 ? different : all;
  return {
    names,
    rows: lines.map((line) => ({ cells: names.map((label) => line.labels[label] ?? ''), value: valueOf(line) })),
  };
}

function compare(a: Row, b: Row, column: number): number {
  if (column < 0) return (a.value ?? -Infinity) - (b.value ?? -Infinity);
  return (a.cells[column] ?? '').localeCompare(b.cells[column] ?? '', 'en', { numeric: true });
}
