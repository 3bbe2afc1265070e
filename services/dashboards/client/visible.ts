// What goes on only while somebody sees the page.

/** The part of a document that says so. */
export interface SeenPage {
  readonly visibilityState: string;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
}

/** Calls `begin` whenever the page comes in sight, and what that has returned when the page is hidden. */
export function whileVisible(page: SeenPage, begin: () => () => void): void {
  let end: (() => void) | undefined;
  const update = () => {
    if (page.visibilityState !== 'hidden') end ??= begin();
    else {
      end?.();
      end = undefined;
    }
  };
  update();
  page.addEventListener('visibilitychange', update);
}
