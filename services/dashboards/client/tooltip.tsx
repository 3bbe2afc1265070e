// What a chart tells of the time below the mouse.
import type { Deploy } from '../shared/api.ts';
import type { Panel } from '../../../tools/dashboards/model.ts';
import type { Line } from './plot_data.ts';
import { exactTime } from './time.ts';
import { format } from './units.ts';

/** Where the mouse is, in the chart's own pixels. */
export interface Hover {
  readonly index: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly deploy?: Deploy;
}

const MOST = 12;

export interface TooltipProps {
  readonly hover: Hover;
  readonly panel: Panel;
  readonly lines: readonly Line[];
  readonly times: readonly number[];
}

export function Tooltip({ hover, panel, lines, times }: TooltipProps) {
  const rows = lines
    .filter(({ isShown, values }) => isShown && values[hover.index] !== null && values[hover.index] !== undefined)
    .toSorted((a, b) => (b.values[hover.index] ?? 0) - (a.values[hover.index] ?? 0));
  const isRight = hover.left > hover.width / 2;
  const side = isRight ? { right: `${hover.width - hover.left + 12}px` } : { left: `${hover.left + 12}px` };
  return (
    <div class="tooltip" style={{ ...side, top: `${Math.max(0, hover.top - 20)}px` }}>
      {hover.deploy === undefined ? null : <DeployNote deploy={hover.deploy} />}
      <div class="tooltip-time">{exactTime(times[hover.index] ?? 0)}</div>
      {rows.slice(0, MOST).map(({ name, color, values }) => (
        <div class="tooltip-row" key={name}>
          <i class="swatch" style={{ background: color }} />
          <span>{name}</span>
          <b>{format(values[hover.index], panel.unit)}</b>
        </div>
      ))}
      {rows.length > MOST ? <div class="muted">and {rows.length - MOST} more</div> : null}
      {rows.length === 0 ? <div class="muted">No value</div> : null}
    </div>
  );
}

/** What is done with an object, in the engine's words, as people say it of those that it was done with. */
const DONE: Readonly<Record<string, string>> = {
  create: 'created',
  update: 'changed',
  recreate: 'made anew',
  adopt: 'taken over',
  prune: 'pruned',
  keep: 'kept',
  unchanged: 'unchanged',
};

function DeployNote({ deploy }: { readonly deploy: Deploy }) {
  const { verb, stack, revision, who, commit, isDirty, isUnfinished, error, time, seconds, phases, objects } = deploy;
  const took = Object.entries(phases).map(([phase, some]) => `${phase} ${format(some, 'seconds')}`);
  const done = Object.entries(DONE).flatMap(([action, word]) =>
    (objects[action] ?? 0) > 0 ? `${objects[action]} ${word}` : [],
  );
  return (
    <div class="tooltip-deploy">
      <b>
        {verb} {stack}, revision {revision}
      </b>
      <div>{exactTime(time)}</div>
      <div>by {who === '' ? 'somebody' : who}</div>
      {commit === undefined ? null : (
        <div>
          commit <code>{commit.slice(0, 10)}</code>
          {isDirty ? ', with changes that are in no commit' : ''}
        </div>
      )}
      {done.length === 0 ? null : <div>objects: {done.join(', ')}</div>}
      {took.length === 0 ? null : (
        <div>
          took {format(seconds, 'seconds')}: {took.join(', ')}
        </div>
      )}
      {isUnfinished ? <div>not finished{error === undefined ? '' : `, ended with ${error}`}</div> : null}
      {isUnfinished || error === undefined ? null : <div>not ready in time: {error}</div>}
    </div>
  );
}
