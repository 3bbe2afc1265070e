// The series of a chart with their last, mean and greatest values; a click shows one alone.
import type { Unit } from '../../../tools/dashboards/model.ts';
import type { Line } from './plot_data.ts';
import { format } from './units.ts';

export interface LegendProps {
  readonly lines: readonly Line[];
  readonly unit: Unit;
  /** Called with the series that is clicked; `isAdded` where it is to be shown or hidden beside the others. */
  readonly onPick: (name: string, isAdded: boolean) => void;
}

export function Legend({ lines, unit, onPick }: LegendProps) {
  return (
    <div class="legend">
      <table>
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">Last</th>
            <th scope="col">Mean</th>
            <th scope="col">Max</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, color, isShown, values }) => {
            const { last, mean, max } = figuresOf(values);
            const pick = (event: MouseEvent) => onPick(name, event.ctrlKey || event.metaKey || event.shiftKey);
            return (
              <tr key={name} class={isShown ? '' : 'off'}>
                <td>
                  <button type="button" title={name} onClick={pick} aria-pressed={isShown}>
                    <i class="swatch" style={{ background: color }} />
                    <span>{name}</span>
                  </button>
                </td>
                <td>{format(last, unit)}</td>
                <td>{format(mean, unit)}</td>
                <td>{format(max, unit)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Of the values that there are. */
export function figuresOf(values: readonly (number | null)[]): {
  readonly last: number | null;
  readonly mean: number | null;
  readonly max: number | null;
} {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { last: null, mean: null, max: null };
  const sum = known.reduce((total, value) => total + value, 0);
  return { last: known.at(-1) ?? null, mean: sum / known.length, max: known.reduce((a, b) => Math.max(a, b)) };
}
