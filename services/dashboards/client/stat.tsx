// The last value of each series in large, with the way it came.
import type { Panel } from '../../../tools/dashboards/model.ts';
import { figuresOf } from './legend.tsx';
import type { Line } from './plot_data.ts';
import { format } from './units.ts';

const MOST = 12;

export function Stat({ panel, lines }: { readonly panel: Panel; readonly lines: readonly Line[] }) {
  return (
    <div class={lines.length > 1 ? 'stats many' : 'stats'}>
      {lines.slice(0, MOST).map((line) => {
        const { last } = figuresOf(line.values);
        return (
          <div class={`stat ${severityOf(panel, last) ?? ''}`} key={line.name}>
            {lines.length > 1 ? <div class="stat-name">{line.name}</div> : null}
            <div class="stat-value">{format(last, panel.unit)}</div>
            <Sparkline values={line.values} />
          </div>
        );
      })}
      {lines.length > MOST ? <div class="muted">and {lines.length - MOST} more</div> : null}
    </div>
  );
}

/** The worst threshold that a value has reached. */
export function severityOf(panel: Panel, value: number | null): 'warning' | 'critical' | undefined {
  if (value === null) return undefined;
  const reached = panel.thresholds.filter((threshold) => value >= threshold.value).map(({ severity }) => severity);
  return reached.includes('critical') ? 'critical' : reached[0];
}

const [WIDTH, HEIGHT] = [200, 36];

function Sparkline({ values }: { readonly values: readonly (number | null)[] }) {
  const known = values.flatMap((value, index) => (value === null ? [] : [[index, value] as const]));
  if (known.length < 2) return null;
  const heights = known.map(([, value]) => value);
  const low = heights.reduce((a, b) => Math.min(a, b));
  const size = heights.reduce((a, b) => Math.max(a, b)) - low;
  const points = known.map(([index, value]) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = size === 0 ? HEIGHT / 2 : HEIGHT - 2 - ((value - low) / size) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const [firstX, lastX] = [points[0]?.split(',')[0], points.at(-1)?.split(',')[0]];
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`${firstX},${HEIGHT} ${points.join(' ')} ${lastX},${HEIGHT}`} />
      <polyline points={points.join(' ')} />
    </svg>
  );
}
