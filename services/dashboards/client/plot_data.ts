// Series as uPlot wants them: columns of numbers, stacked where the panel says so.
import type uPlot from 'uplot';
import type { Series } from '../shared/api.ts';
import type { Panel } from '../../../tools/dashboards/model.ts';

/** A series with how it is drawn. */
export interface Line extends Series {
  readonly color: string;
  readonly isShown: boolean;
}

export function plotData(props: {
  readonly panel: Panel;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}): uPlot.AlignedData {
  const { panel, times, lines } = props;
  const columns = panel.stack ? stacked(lines) : lines.map(({ values }) => [...values]);
  return [[...times], ...columns];
}

/** Each on top of those after it, so that the first is the highest, and a band reaches down to the next. */
function stacked(lines: readonly Line[]): (number | null)[][] {
  const columns: (number | null)[][] = lines.map(() => []);
  const length = lines[0]?.values.length ?? 0;
  for (let time = 0; time < length; time++) {
    let sum: number | null = null;
    for (let index = lines.length - 1; index >= 0; index--) {
      const line = lines[index];
      const value: number | null = line?.isShown === true ? (line.values[time] ?? null) : null;
      if (value !== null) sum = (sum ?? 0) + value;
      columns[index]?.push(sum);
    }
  }
  return columns;
}

/** From each line that is shown to the next one. */
export function bandsOf(lines: readonly Line[]): uPlot.Band[] {
  const shown = lines.flatMap(({ isShown }, index) => (isShown ? [index + 1] : []));
  return shown.slice(0, -1).map((series, index) => ({ series: [series, shown[index + 1] ?? series] }));
}

/** The ends of the scale: the panel's, else those of the values with thresholds that are near. */
export function scaleOf(panel: Panel, low: number | null, high: number | null): [number, number] {
  const values = [low ?? 0, high ?? 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const near = panel.thresholds.map(({ value }) => value).filter((value) => value > least && value < most * 2);
  const top = Math.max(most, ...near);
  // Of what is never negative, nought is the bottom, unless the values lie close together far above it.
  const bottom =
    least >= 0 && (least < top / 2 || panel.stack) ? 0 : least - (top - least || Math.abs(top) || 1) * 0.08;
  const space = (top - bottom || Math.abs(top) || 1) * 0.08;
  return [panel.min ?? bottom, panel.max ?? top + space];
}
