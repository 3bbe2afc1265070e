// Colours of what is drawn on canvases, where style sheets do not reach.

export interface Colors {
  readonly series: readonly string[];
  readonly axis: string;
  readonly grid: string;
  readonly warning: string;
  readonly critical: string;
  readonly deploy: string;
}

/** Told apart also by those who see few colours: neighbours differ in lightness. */
const LIGHT: Colors = {
  series: [
    '#2f6fde',
    '#e07b1a',
    '#2a9d6f',
    '#c23b6b',
    '#7a5cd0',
    '#8a6d1d',
    '#1795b5',
    '#d2483c',
    '#5f7a2e',
    '#5a6478',
  ],
  axis: '#5d6779',
  grid: '#e8ebf0',
  warning: '#c27803',
  critical: '#cf2f36',
  deploy: '#7a5cd0',
};

const DARK: Colors = {
  series: [
    '#6ea0ff',
    '#f5a04d',
    '#4fc894',
    '#f07ba4',
    '#a993f5',
    '#d3b35a',
    '#53c6e0',
    '#f28579',
    '#a7c46a',
    '#a4afc2',
  ],
  axis: '#97a1b3',
  grid: '#232a36',
  warning: '#f0b429',
  critical: '#ff6b6b',
  deploy: '#a993f5',
};

export function colorsOf(isDark: boolean): Colors {
  return isDark ? DARK : LIGHT;
}

export function seriesColor(colors: Colors, index: number): string {
  return colors.series[index % colors.series.length] ?? colors.axis;
}
