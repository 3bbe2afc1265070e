// What is drawn across a chart: thresholds, and when something was deployed.
import type uPlot from 'uplot';
import type { Deploy } from '../shared/api.ts';
import type { Threshold } from '../../../tools/dashboards/model.ts';
import type { Colors } from './colors.ts';

/** Dashed lines, and a faint colour beyond them. */
export function drawThresholds(plot: uPlot, thresholds: readonly Threshold[], colors: Colors): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { value, severity } of thresholds) {
    const y = Math.round(plot.valToPos(value, 'y', true));
    ctx.fillStyle = `${colors[severity]}0f`;
    ctx.fillRect(bbox.left, bbox.top, bbox.width, Math.max(0, y - bbox.top));
    ctx.strokeStyle = colors[severity];
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

/** Lines from top to bottom, with a small flag. */
export function drawDeploys(plot: uPlot, deploys: readonly Deploy[], colors: Colors): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colors.deploy;
  ctx.fillStyle = colors.deploy;
  ctx.lineWidth = ratio;
  for (const { time, isUnfinished } of deploys) {
    const x = Math.round(plot.valToPos(time, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.globalAlpha = 0.8;
    ctx.setLineDash(isUnfinished ? [2 * ratio, 3 * ratio] : []);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x + 7 * ratio, bbox.top + 4 * ratio);
    ctx.lineTo(x, bbox.top + 8 * ratio);
    ctx.fill();
  }
  ctx.restore();
}

const NEAR_PIXELS = 6;

/** The deploy that the mouse is at. */
export function nearestDeploy(plot: uPlot, deploys: readonly Deploy[], left: number): Deploy | undefined {
  return deploys
    .map((deploy) => ({ deploy, distance: Math.abs(plot.valToPos(deploy.time, 'x') - left) }))
    .filter(({ distance }) => distance <= NEAR_PIXELS)
    .toSorted((a, b) => a.distance - b.distance)[0]?.deploy;
}
