// Light and dark: what the system says, until somebody says otherwise. The beginning of each page applies the choice.
const dark = matchMedia('(prefers-color-scheme: dark)');
const root = document.documentElement;

export function setUpTheme(): void {
  const button = document.querySelector<HTMLButtonElement>('#theme');
  if (button === null) return;
  const show = () => {
    const isDark = (root.dataset['theme'] ?? (dark.matches ? 'dark' : 'light')) === 'dark';
    button.setAttribute('aria-pressed', String(isDark));
  };
  button.addEventListener('click', () => {
    const next = button.getAttribute('aria-pressed') === 'true' ? 'light' : 'dark';
    root.dataset['theme'] = next;
    try {
      localStorage.setItem('theme', next);
    } catch {
      // A browser may keep nothing: the choice is this page's then.
    }
    show();
  });
  dark.addEventListener('change', show);
  button.hidden = false;
  show();
}
