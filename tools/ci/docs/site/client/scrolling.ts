// The navigation shows the page that is open; and only code and tables that can be scrolled are stops of the Tab key.
export function setUpScrolling(): void {
  const boxes = [...document.querySelectorAll<HTMLElement>('pre, .table')];
  const update = () => {
    const scrolls = boxes.map((box) => box.scrollWidth > box.clientWidth);
    for (const [index, box] of boxes.entries()) {
      if (scrolls[index] === true) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    }
  };
  addEventListener('resize', update);
  update();
  const pages = document.querySelector<HTMLElement>('nav.pages');
  const current = pages?.querySelector<HTMLElement>('[aria-current]');
  if (pages && current) pages.scrollTop = Math.max(current.offsetTop - pages.clientHeight / 2, 0);
}
