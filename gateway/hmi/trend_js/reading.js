// Reading a trend: what a value was at a time, what is seen of it, texts and axes.
// Times are ms. A run is a stretch of one quality: {q, j, t, v, lo?, hi?}; j: it goes on from the run before.


/** Return the index of the last time that is at or before x, or -1. */
export function before(times, x) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= x) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Return what a trace was at a time: the last report before it; null in a gap. */
export function valueAt(runs, x, holdsTo) {
  const place = before(runs.map((run) => run.t[0]), x);
  if (place < 0) return null;
  const run = runs[place], next = runs[place + 1];
  const last = run.t[run.t.length - 1];
  const until = next ? (next.j ? next.t[0] : last) : Math.max(last, holdsTo ?? last);
  if (x > until) return null;
  const index = before(run.t, x);
  return { v: run.v[index], lo: run.lo?.[index], hi: run.hi?.[index], q: run.q };
}

/** Return least, greatest and mean of what is seen of a trace, and how many points that are. */
export function seen(runs, from, to) {
  let least = Infinity, greatest = -Infinity, total = 0, count = 0;
  for (const run of runs) {
    const start = Math.max(before(run.t, from), 0), end = before(run.t, to);
    for (let i = start; i <= end; i++) {
      if (run.v[i] === null) continue;
      least = Math.min(least, run.lo?.[i] ?? run.v[i]);
      greatest = Math.max(greatest, run.hi?.[i] ?? run.v[i]);
      total += run.v[i];
      count++;
    }
  }
  return { least, greatest, mean: total / count, count };
}

/** Return an axis of `parts` equal steps of 1, 2, 2.5 or 5 times a power of ten around a range of at least `span`. */
export function niceAxis(least, greatest, parts, span) {
  if (!(least <= greatest)) [least, greatest] = [0, 1];
  const lacks = span - (greatest - least);
  if (lacks > 0) [least, greatest] = least >= 0 && least < lacks / 2 ? [0, span] : [least - lacks / 2, greatest + lacks / 2];
  const margin = 0.04 * (greatest - least), positive = least >= 0;
  least -= margin; greatest += margin;
  if (positive && least < 0) least = 0; // what cannot be negative is not drawn below nothing
  const power = 10 ** Math.floor(Math.log10((greatest - least) / parts));
  for (const factor of [1, 2, 2.5, 5, 10, 20, 25]) {
    const step = factor * power, low = Math.floor(least / step) * step;
    if (low + parts * step >= greatest) return { min: tidy(low), max: tidy(low + parts * step), interval: step };
  }
  return { min: least, max: greatest, interval: (greatest - least) / parts };
}

export const tidy = (value) => Number(value.toPrecision(12));

const pad = (value, width = 2) => String(Math.floor(value)).padStart(width, "0");

/** Return a time as text: of the day, UTC, or since a start; as fine as the stretch around it needs. */
export function timeText(ms, span, relative) {
  const digits = span < 20 ? 3 : span < 2000 ? 2 : span < 60000 ? 1 : 0;
  const sign = ms < 0 ? "-" : "", all = relative ? Math.abs(ms) : ms;
  const scale = 10 ** digits, seconds = Math.floor(((all / 1000) % 60) * scale + 1e-4) / scale;
  const clock = `${pad((all / 60000) % 60)}:${seconds.toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
  if (relative) return `${sign}${pad(all / 3600000)}:${clock}`;
  const date = new Date(ms).toISOString().slice(0, 10);
  return `${date} ${pad((all / 3600000) % 24)}:${clock}`;
}

/** Return a length of time as text. */
export function lengthText(ms) {
  const all = Math.abs(ms), sign = ms < 0 ? "-" : "";
  if (all < 1000) return `${sign}${tidy(Number(all.toFixed(3)))} ms`;
  if (all < 60000) return `${sign}${(all / 1000).toFixed(3)} s`;
  if (all < 86400000) return `${sign}${timeText(all, all, true).replace(/^00:/, "")}`;
  return `${sign}${Math.floor(all / 86400000)} d ${timeText(all % 86400000, all, true)}`;
}
