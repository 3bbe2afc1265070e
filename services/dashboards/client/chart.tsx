// A chart over time, drawn by uPlot: series, thresholds, deploys, a tooltip, and zoom by dragging.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Deploy } from '../shared/api.ts';
import type { Panel } from '../../../tools/dashboards/model.ts';
import { colorsOf } from './colors.ts';
import { drawDeploys, drawThresholds, nearestDeploy } from './marks.ts';
import { bandsOf, type Line, plotData, scaleOf } from './plot_data.ts';
import { absolute, tickLabel } from './time.ts';
import { Tooltip, type Hover } from './tooltip.tsx';
import { format, incrementsOf } from './units.ts';
import { go } from './state.ts';

export interface ChartProps {
  readonly panel: Panel;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly deploys: readonly Deploy[];
  readonly from: number;
  readonly to: number;
  readonly isDark: boolean;
}

/** The chart in which a drag began: it selects in all others as well, which know the same time. */
let dragged: HTMLElement | undefined;

const HEIGHT = 190;
const FONT = '11px system-ui, sans-serif';

export function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [hover, setHover] = useState<Hover | undefined>(undefined);
  const { panel, lines, isDark } = props;
  // uPlot is made anew only where what it draws is of another kind; new numbers are given to the one that is there.
  const shape = JSON.stringify([panel.title, isDark, lines.map(({ name, color, isShown }) => [name, color, isShown])]);
  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const made = new uPlot(
      optionsOf(() => latest.current, element.clientWidth, setHover),
      plotData(latest.current),
      element,
    );
    plot.current = made;
    made.over.addEventListener('pointerdown', () => (dragged = made.over));
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(plotData(props));
  }, [props.times, props.lines, props.deploys, props.from, props.to]);
  return (
    <div class="chart" ref={holder} role="img" aria-label={`${panel.title}: ${lines.length} series over time`}>
      {hover === undefined ? null : <Tooltip hover={hover} panel={panel} lines={lines} times={props.times} />}
    </div>
  );
}

/** `props` are asked for at each drawing, as they change while the chart stays. */
function optionsOf(props: () => ChartProps, width: number, onHover: (hover: Hover | undefined) => void): uPlot.Options {
  const { panel, lines, isDark, times } = props();
  const colors = colorsOf(isDark);
  const increments = incrementsOf(panel.unit);
  const axis = { stroke: colors.axis, font: FONT, grid: { stroke: colors.grid, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(width, 50),
    height: HEIGHT,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'time' },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      focus: { prox: 16 },
    },
    focus: { alpha: 1 },
    scales: {
      x: { time: true, range: () => [props().from, props().to] },
      y: { range: (_, low, high) => scaleOf(props().panel, low, high) },
    },
    axes: [
      { ...axis, size: 26, space: 56, gap: 4, values: (_, splits) => splits.map(tickLabel) },
      {
        ...axis,
        size: (_, values) => 18 + 6.2 * Math.max(3, ...(values ?? []).map(({ length }) => length)),
        space: 32,
        gap: 4,
        values: (_, splits) => splits.map((value) => format(value, panel.unit)),
        ...(increments === undefined ? {} : { incrs: increments }),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, color, isShown }): uPlot.Series => ({
        label: name,
        show: isShown,
        stroke: color,
        width: 1.5,
        ...(panel.stack ? { fill: `${color}40` } : lines.length === 1 ? { fill: `${color}1c` } : {}),
        points: { show: times.length < 3, size: 5 },
        spanGaps: false,
      })),
    ],
    ...(panel.stack ? { bands: bandsOf(lines) } : {}),
    hooks: {
      drawClear: [(self) => drawThresholds(self, panel.thresholds, colors)],
      draw: [(self) => drawDeploys(self, props().deploys, colors)],
      setCursor: [
        (self) => {
          const { left = -1, top = -1, idx } = self.cursor;
          if (left < 0 || idx === null || idx === undefined) return onHover(undefined);
          // Only the chart below the mouse tells more; the others show the same time.
          if (!self.root.matches(':hover')) return onHover(undefined);
          const deploy = nearestDeploy(self, props().deploys, left);
          const place = {
            left: left + self.over.offsetLeft,
            top: top + self.over.offsetTop,
            width: self.root.clientWidth,
          };
          return onHover({ index: idx, ...place, ...(deploy === undefined ? {} : { deploy }) });
        },
      ],
      setSelect: [
        (self) => {
          const { left, width: selected } = self.select;
          if (selected < 4 || dragged !== self.over) return;
          const range = absolute(self.posToVal(left, 'x'), self.posToVal(left + selected, 'x'));
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          go({ range });
        },
      ],
    },
  };
}
