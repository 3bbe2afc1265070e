// The mark of the project: a sounding line below the surface.

const DRAWING =
  '<path d="M2 6c2-2 4.5-2 6.7 0s4.7 2 6.7 0 4.6-2 6.6 0"/><path d="M12 9.5v5"/><path d="m12 14.5 3 5.5H9z" fill="currentColor"/>';

/** As part of a page, in the colour of what is around it. */
export const LOGO = `<svg class="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${DRAWING}</svg>`;

/** As a file, which browsers show beside a page's title. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><style>svg{color:#0b6478;stroke:currentColor}@media(prefers-color-scheme:dark){svg{color:#6cc9de}}</style>${DRAWING}</svg>\n`;
