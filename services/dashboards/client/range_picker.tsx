// Chooses which time is shown: one of the usual ranges, or both ends.
import { useState } from 'preact/hooks';
import { ends, go, overlay, view } from './state.ts';
import { absolute, QUICK_RANGES, quickRange, rangeLabel, toInput } from './time.ts';

export function RangePicker() {
  const [from, setFrom] = useState(toInput(ends.value.from));
  const [to, setTo] = useState(toInput(ends.value.to));
  const [start, end] = [new Date(from).getTime() / 1000, new Date(to).getTime() / 1000];
  const isGood = end > start;
  const current = view.value.range;
  const close = () => void (overlay.value = 'none');
  return (
    <div class="popover ranges" role="dialog" aria-label="Time">
      <div class="quick">
        {QUICK_RANGES.map((length) => {
          const range = quickRange(length);
          const isCurrent = current.from === range.from && current.to === range.to;
          return (
            <button
              type="button"
              key={length}
              aria-pressed={isCurrent}
              onClick={() => {
                go({ range });
                close();
              }}
            >
              {rangeLabel(range, 0)}
            </button>
          );
        })}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isGood) return;
          go({ range: absolute(start, end) });
          close();
        }}
      >
        <label>
          From
          <input type="datetime-local" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label>
          To
          <input type="datetime-local" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
        </label>
        <button type="submit" class="primary" disabled={!isGood}>
          Show
        </button>
        {isGood ? null : <p class="note error">The end must be after the start.</p>}
      </form>
    </div>
  );
}
