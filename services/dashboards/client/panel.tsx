// A panel's frame: asks for its numbers once it comes into sight, shows them by its kind, and says why where there are none.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Deploy, PanelAnswer } from '../shared/api.ts';
import type { Panel } from '../../../tools/dashboards/model.ts';
import { Chart } from './chart.tsx';
import { colorsOf, seriesColor } from './colors.ts';
import { Legend } from './legend.tsx';
import { type Loaded, useAnswer } from './load.ts';
import type { Line } from './plot_data.ts';
import { Stat } from './stat.tsx';
import { ends, isDark, round, view } from './state.ts';
import { Table } from './table.tsx';

export interface PanelProps {
  readonly namespace: string;
  readonly dashboard: string;
  readonly panel: Panel;
  /** Whether all is chosen that it may need. */
  readonly isAsking: boolean;
  readonly deploys: readonly Deploy[];
}

/** A stat's sparkline needs no more. */
const STAT_POINTS = 60;

export function PanelFrame({ namespace, dashboard, panel, isAsking, deploys }: PanelProps) {
  const frame = useRef<HTMLElement>(null);
  const isSeen = useSeen(frame);
  const { from, to } = ends.value;
  const [points, setPoints] = useState(0);
  useEffect(() => setPoints(Math.max(60, Math.floor((frame.current?.clientWidth ?? 600) / 3))), []);
  const query = new URLSearchParams({
    title: panel.title,
    from: from.toFixed(0),
    to: to.toFixed(0),
    points: String(panel.kind === 'stat' ? STAT_POINTS : points),
  });
  for (const [name, values] of Object.entries(view.value.variables))
    for (const value of values) query.append(`var-${name}`, value);
  const base = `/api/dashboards/${namespace}/${dashboard}/panel`;
  const loaded = useAnswer<PanelAnswer>(
    isSeen && isAsking && points > 0 ? `${base}?${query.toString()}` : undefined,
    round.value,
    `${namespace}/${dashboard}/${panel.title}`,
  );
  const isPointedAt = view.value.panel === panel.title;
  useEffect(() => {
    if (isPointedAt) frame.current?.scrollIntoView({ block: 'center' });
  }, [isPointedAt]);
  const notes = notesOf(loaded);
  return (
    <section
      class={`panel kind-${panel.kind}${isPointedAt ? ' pointed' : ''}`}
      data-width={panel.width}
      data-state={stateOf(loaded)}
      ref={frame}
      aria-label={panel.title}
    >
      <header>
        <h3 {...(panel.description === undefined ? {} : { title: panel.description })}>{panel.title}</h3>
        {panel.description === undefined ? null : <p class="description">{panel.description}</p>}
        {loaded.isLoading ? <i class="loading" aria-hidden="true" /> : null}
      </header>
      {notes.map(({ kind, text }) => (
        <p class={`note ${kind}`} key={text} {...(kind === 'error' ? { role: 'alert' as const } : {})}>
          {text}
        </p>
      ))}
      <Content panel={panel} loaded={loaded} deploys={deploys} from={from} to={to} />
    </section>
  );
}

interface ContentProps {
  readonly panel: Panel;
  readonly loaded: Loaded<PanelAnswer>;
  readonly deploys: readonly Deploy[];
  readonly from: number;
  readonly to: number;
}

function Content({ panel, loaded: { value, error }, deploys, from, to }: ContentProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const dark = isDark.value;
  const lines = useMemo(() => linesOf(value, hidden, dark), [value, hidden, dark]);
  if (value === undefined) return <div class="empty">{error === undefined ? '' : 'Nothing to show'}</div>;
  if (!hasNumbers(value)) {
    const isFailed = value.queries.some((query) => query.error !== undefined || query.limited !== undefined);
    const reason = <EmptyReason kind={panel.kind} hasSeries={lines.length > 0} />;
    return <div class="empty">{isFailed ? 'Nothing to show' : reason}</div>;
  }
  if (panel.kind === 'stat') return <Stat panel={panel} lines={lines} />;
  if (panel.kind === 'table') return <Table panel={panel} lines={lines} />;
  const pick = (name: string, isAdded: boolean) => setHidden((last) => picked(lines, last, name, isAdded));
  return (
    <>
      <Chart panel={panel} times={value.times} lines={lines} deploys={deploys} from={from} to={to} isDark={dark} />
      <Legend lines={lines} unit={panel.unit} onPick={pick} />
    </>
  );
}

/** Without a number there is nothing to see: Prometheus has series of nothing, such as a quantile of no calls, which is NaN. */
function hasNumbers({ queries }: PanelAnswer): boolean {
  return queries.some(({ series }) => series.some(({ values }) => values.some((value) => value !== null)));
}

function EmptyReason({ kind, hasSeries }: { readonly kind: Panel['kind']; readonly hasSeries: boolean }) {
  const when = kind === 'table' ? 'at this time' : 'in this range of time';
  return (
    <>
      <b>No data</b>
      <span>
        {hasSeries
          ? `The series of this query have no number ${when}: a share or a quantile of nothing has none.`
          : `Prometheus has no series for this query ${when}.`}
      </span>
    </>
  );
}

function stateOf({ value, error, isLoading }: Loaded<PanelAnswer>): string {
  if (value === undefined) return error === undefined ? 'loading' : 'failed';
  const isFailed = error !== undefined || value.queries.some((query) => query.error !== undefined);
  if (isFailed) return 'failed';
  if (value.queries.some(({ limited }) => limited !== undefined)) return 'limited';
  if (!hasNumbers(value)) return 'empty';
  return isLoading ? 'refreshing' : 'data';
}

function notesOf({
  value,
  error,
}: Loaded<PanelAnswer>): readonly { readonly kind: 'error' | 'limited'; readonly text: string }[] {
  const errors = [...new Set([error, ...(value?.queries ?? []).map((query) => query.error)])];
  const limited = [...new Set((value?.queries ?? []).map((query) => query.limited))];
  return [
    ...errors.flatMap((text) => (text === undefined ? [] : [{ kind: 'error' as const, text }])),
    ...limited.flatMap((text) => (text === undefined ? [] : [{ kind: 'limited' as const, text }])),
  ];
}

/** Two queries may have series of one name: the later ones are numbered. */
function linesOf(answer: PanelAnswer | undefined, hidden: ReadonlySet<string>, dark: boolean): readonly Line[] {
  const colors = colorsOf(dark);
  const counts = new Map<string, number>();
  return (answer?.queries ?? [])
    .flatMap(({ series }) => series)
    .map((one, index) => {
      const count = (counts.get(one.name) ?? 0) + 1;
      counts.set(one.name, count);
      const name = count === 1 ? one.name : `${one.name} (${count})`;
      return { ...one, name, color: seriesColor(colors, index), isShown: !hidden.has(name) };
    });
}

/** A click shows one alone, and all again where it is alone already; with a key held it shows or hides one. */
function picked(
  lines: readonly Line[],
  hidden: ReadonlySet<string>,
  name: string,
  isAdded: boolean,
): ReadonlySet<string> {
  if (isAdded) {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    return next;
  }
  const shown = lines.filter(({ isShown }) => isShown);
  if (shown.length === 1 && shown[0]?.name === name) return new Set();
  return new Set(lines.map((line) => line.name).filter((other) => other !== name));
}

/** Whether an element has been near what is on the screen: others cost Prometheus nothing. */
function useSeen(element: { readonly current: HTMLElement | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: '300px' },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return isSeen;
}
