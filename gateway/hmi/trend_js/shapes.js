// The shapes of a trend that ECharts paints: lines with their envelope, lanes of quality, marks.
import { before } from "./reading.js";

export const QUALITY = { GOOD: 0, FORCED: 1, UNCERTAIN: 2, BAD: 3 };
const DASH = { 0: null, 1: [9, 3, 2, 3], 2: [5, 4], 3: [1, 3] };
export const EM = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16; // the size of type that is set
const PHASE_PX = 17 * EM, ALARM_PX = 9 * EM, LANE_PX = 6 * EM, EVENT_PX = 12 * EM, FEW = 150;

/** Return the shapes of one run of a trace. `at` maps: x, y to pixels, and the window. */
export function runShapes(trace, runs, index, at, holdsTo) {
  const run = runs[index], next = runs[index + 1];
  const first = Math.max(before(run.t, at.from) - 1, 0);
  const last = Math.min(before(run.t, at.to) + 1, run.t.length - 1);
  const points = [], upper = [], lower = [], spots = [];
  for (let i = first; i <= last; i++) {
    if (run.v[i] === null) continue;
    const x = at.x(run.t[i]), y = at.y(trace.axis, run.v[i]);
    if (trace.step && points.length) points.push([x, points[points.length - 1][1]]);
    points.push([x, y]);
    spots.push([x, y]);
    if (run.hi) { upper.push([x, at.y(trace.axis, run.hi[i])]); lower.push([x, at.y(trace.axis, run.lo[i])]); }
  }
  if (last === run.t.length - 1 && points.length) {
    const [, y] = points[points.length - 1];
    if (next?.j && next.v[0] !== null) {
      const x = at.x(next.t[0]);
      if (trace.step) points.push([x, y]);
      points.push([x, at.y(trace.axis, next.v[0])]);
    } else if (!next && holdsTo > run.t[last]) points.push([at.x(holdsTo), y]);
  }
  const children = [];
  const colour = run.q === QUALITY.BAD ? at.bad : trace.colour;
  if (upper.length > 1)
    children.push({ type: "polygon", shape: { points: upper.concat(lower.reverse()) }, style: { fill: colour, opacity: 0.25, stroke: colour, lineWidth: 0.8 } });
  if (points.length > 1)
    children.push({ type: "polyline", shape: { points }, style: { stroke: colour, fill: null, lineWidth: trace.width, lineDash: DASH[run.q] ?? trace.dash } });
  if (spots.length && (spots.length < FEW && at.few || points.length === 1 || run.q === QUALITY.BAD))
    for (const [cx, cy] of spots) children.push(spot(cx, cy, run.q, colour));
  return children;
}

function spot(cx, cy, quality, colour) {
  if (quality !== QUALITY.BAD) return { type: "circle", shape: { cx, cy, r: 2.4 }, style: { fill: colour } };
  return { type: "path", shape: { pathData: "M-4,-4L4,4M-4,4L4,-4", x: cx - 4, y: cy - 4, width: 8, height: 8 }, style: { stroke: colour, lineWidth: 1.6, fill: null } };
}

/** Return the lane of a trace at the foot of the plot: what was not good, or not known up to now, and when. */
export function laneShapes(runs, lane, at, holdsTo, unknownFrom, look) {
  const children = [], y = at.bottom - (lane + 1) * LANE_PX + 1;
  runs.forEach((run, index) => {
    const next = runs[index + 1], last = run.t[run.t.length - 1];
    const to = next?.j ? next.t[0] : !next && holdsTo > last ? holdsTo : last;
    if (run.q !== QUALITY.GOOD) children.push(bar(run.t[0], to, y, LANE_PX - 2, at, look[run.q]));
    if (next && !next.j) children.push(bar(to, next.t[0], y, LANE_PX - 2, at, look.gap));
    if (!next && to < unknownFrom) children.push(bar(to, unknownFrom, y, LANE_PX - 2, at, look.gap));
  });
  return children.filter(Boolean);
}

function bar(from, to, y, height, at, style, least = 2) {
  const x = Math.max(at.x(from), at.left), end = Math.min(at.x(to), at.right);
  if (end < at.left || x > at.right) return null;
  return { type: "rect", shape: { x, y, width: Math.max(end - x, least), height }, style };
}

/** Return how high the lanes of marks above the plot are. */
export function marksHeight(rows) {
  return rows.phases * PHASE_PX + rows.alarms * ALARM_PX + (rows.events ? EVENT_PX : 0);
}

/** Return the shapes of a mark: a phase as a bar with its name, an alarm as a bar, an event as a triangle. */
export function markShapes(mark, rows, at, look) {
  const to = mark.to ?? Math.min(at.to, look.now);
  if (to < at.from || mark.from > at.to) return [];
  const top = at.top - marksHeight(rows), x = at.x(mark.from), within = x >= at.left && x <= at.right;
  const line = (style) => within && { type: "line", silent: true, shape: { x1: x, x2: x, y1: at.top, y2: at.bottom }, style };
  if (mark.kind === "phases") {
    const box = bar(mark.from, to, top + mark.row * PHASE_PX, PHASE_PX - 2, at, { fill: look.band, stroke: look.rule });
    if (!box) return [];
    const text = { type: "text", silent: true, style: { text: mark.label, x: box.shape.x + 3, y: box.shape.y + 2 * EM, width: box.shape.width - 5, overflow: "truncate", ellipsis: "…", fill: look.ink, font: `${11 * EM}px sans-serif` } };
    return [box, box.shape.width > 22 && text, box.shape.width > 14 && line({ stroke: look.soft, lineWidth: 1, lineDash: [6, 4], opacity: 0.8 })].filter(Boolean);
  }
  const below = top + rows.phases * PHASE_PX;
  if (mark.kind === "alarms") {
    const box = bar(mark.from, to, below + mark.row * ALARM_PX, ALARM_PX - 2, at, { fill: look.priority[mark.priority], stroke: look.ink, lineWidth: 0.5 }, 4);
    return [box, line({ stroke: look.priority[mark.priority], lineWidth: 1, opacity: 0.55 })].filter(Boolean);
  }
  if (!within) return [];
  const y = at.top - 10 * EM, half = 5 * EM, colour = mark.lost ? look.bad : look.soft;
  return [
    { type: "polygon", shape: { points: [[x - half, y], [x + half, y], [x, y + 9 * EM]] }, style: { fill: colour, stroke: look.card, lineWidth: 0.5 } },
    line({ stroke: colour, lineWidth: mark.lost ? 2 : 1, lineDash: [1, 4] }),
  ];
}
