// The search: a field with a list of what was found, by pointer and by keys.
import MiniSearch from 'minisearch';
import { SEARCH_OPTIONS, type Found } from '../search_options.ts';
import { excerpt } from './excerpt.ts';

const MOST = 12;
const root = document.documentElement.dataset['root'] ?? '';

let loading: Promise<MiniSearch<Found>> | undefined;

/** Fetches the index when somebody first searches. */
function loadIndex(): Promise<MiniSearch<Found>> {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search_index.js`;
    script.addEventListener('load', () => {
      const index = (globalThis as { fathomSearchIndex?: string }).fathomSearchIndex ?? '';
      resolve(MiniSearch.loadJSON<Found>(index, SEARCH_OPTIONS));
    });
    script.addEventListener('error', () => reject(new Error('the index of the search could not be loaded')));
    document.head.append(script);
  });
  return loading;
}

export function setUpSearch(): void {
  const box = document.querySelector<HTMLElement>('#search');
  const input = box?.querySelector('input');
  const list = box?.querySelector<HTMLElement>('[role="listbox"]');
  const status = box?.querySelector<HTMLElement>('[role="status"]');
  if (!box || !input || !list || !status) return;

  let chosen = -1;
  const options = () => [...list.querySelectorAll<HTMLAnchorElement>('[role="option"]')];
  const open = (isOpen: boolean) => {
    list.parentElement!.hidden = !isOpen;
    input.setAttribute('aria-expanded', String(isOpen));
    if (!isOpen) choose(-1);
  };
  const choose = (index: number) => {
    chosen = index;
    input.removeAttribute('aria-activedescendant');
    for (const [at, option] of options().entries()) {
      option.setAttribute('aria-selected', String(at === index));
      if (at !== index) continue;
      input.setAttribute('aria-activedescendant', option.id);
      option.scrollIntoView({ block: 'nearest' });
    }
  };
  const search = async () => {
    const query = input.value.trim();
    if (query === '') return open(false);
    const index = await loadIndex();
    // What was typed meanwhile is searched for by its own event.
    if (query !== input.value.trim()) return;
    const found = index.search(query).slice(0, MOST) as unknown as (Found & { terms: string[] })[];
    list.replaceChildren(...found.map((one, at) => optionOf(one, at)));
    status.textContent = found.length === 0 ? `Nothing found for “${query}”` : `${found.length} found`;
    open(true);
    choose(found.length === 0 ? -1 : 0);
  };
  const fail = (error: unknown) => {
    status.textContent = String(error);
    open(true);
  };

  input.addEventListener('focus', () => void loadIndex().catch(fail));
  input.addEventListener('input', () => void search().catch(fail));
  input.addEventListener('keydown', (event) => {
    const all = options();
    if (event.key === 'Escape') {
      if (input.getAttribute('aria-expanded') === 'true') open(false);
      else input.blur();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (all.length > 0) choose((chosen + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length);
    } else if (event.key === 'Enter') {
      all[chosen]?.click();
      open(false);
    } else return;
    event.preventDefault();
  });
  list.addEventListener('click', () => open(false));
  document.addEventListener('click', ({ target }) => {
    if (target instanceof Node && !box.contains(target)) open(false);
  });
  box.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !box.contains(relatedTarget)) open(false);
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
  });
  box.hidden = false;
}

function optionOf({ title, page, url, text, terms }: Found & { readonly terms: readonly string[] }, at: number) {
  const link = document.createElement('a');
  link.href = root + url;
  link.id = `found-${at}`;
  link.tabIndex = -1;
  link.setAttribute('role', 'option');
  const line = (name: string, ...parts: readonly (string | Node)[]) => {
    const span = document.createElement('span');
    span.className = name;
    span.append(...parts);
    return span;
  };
  const marked = excerpt(text, terms).map(([part, isHit]) => {
    if (!isHit) return part;
    const mark = document.createElement('mark');
    mark.textContent = part;
    return mark;
  });
  link.append(
    line('found-title', title),
    line('found-page', page === title ? '' : page),
    line('found-text', ...marked),
  );
  return link;
}
