// A button on each block of code that copies it.
import { copied } from './copied.ts';

export function setUpCopy(): void {
  // Browsers have no clipboard for pages that came by http from elsewhere.
  if (!('clipboard' in navigator)) return;
  for (const block of document.querySelectorAll('pre')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    const wrapper = document.createElement('div');
    wrapper.className = 'code';
    block.replaceWith(wrapper);
    wrapper.append(block, button);
    button.addEventListener('click', () => {
      const say = (text: string) => {
        button.textContent = text;
        setTimeout(() => (button.textContent = 'Copy'), 1500);
      };
      navigator.clipboard.writeText(copied(block.textContent ?? '')).then(
        () => say('Copied'),
        () => say('Select it'),
      );
    });
  }
}
