// Methods of the trend's component that draw: what ECharts is told, and the table below the plot.
import { echarts } from "nicegui-echart";
import { EM, laneShapes, markShapes, marksHeight, runShapes } from "./shapes.js";
import { lengthText, niceAxis, seen, tidy, timeText, valueAt } from "./reading.js";

const PARTS = 5;
const AXIS_PX = 62 * EM;
const CALM = 30; // an axis spans at least so many steps of the last digit that is shown: noise stays noise

export const drawing = {
  draw() {
    if (!this.state.traces.length && !this.state.window) return;
    this.chart.setOption(this.options(this.chart, false), { replaceMerge: ["yAxis", "series"] });
    this.tabulate();
  },
  look() {
    const css = getComputedStyle(document.body), of = (name) => css.getPropertyValue(name).trim();
    const [warn, bad, soft] = [of("--warn"), of("--bad"), of("--soft")];
    return {
      ink: of("--ink"), soft, rule: of("--line"), card: of("--card"), band: of("--band"), now: this.state.now,
      1: { fill: "none", stroke: soft, lineWidth: 1 }, 2: { fill: warn }, 3: { fill: bad },
      gap: { fill: "none", stroke: soft, lineWidth: 0.7, lineDash: [2, 2] }, bad,
      priority: { critical: "#d01818", high: "#f08a00", medium: "#f4d800", low: "#00a3ad" },
    };
  },
  axes() {
    const [from, to] = this.state.window, units = [...new Set(this.visible().map((trace) => trace.unit))];
    const most = Math.max(2, Math.min(6, Math.floor(this.$refs.plot.clientWidth / (240 * EM))));
    return units.map((unit, number) => {
      const own = this.visible().filter((trace) => trace.unit === unit);
      let least = Infinity, greatest = -Infinity;
      for (const trace of own) {
        trace.axis = number;
        const range = seen(this.state.runs[trace.key] ?? [], from, to);
        least = Math.min(least, range.least);
        greatest = Math.max(greatest, range.greatest);
      }
      return { unit, ...niceAxis(least, greatest, PARTS, CALM * 10 ** -Math.min(...own.map((trace) => trace.digits))), colour: own.length === 1 ? own[0].colour : null, shown: number < most };
    });
  },
  box(chart) {
    const shown = this.scales.filter((axis) => axis.shown).length, { lanes } = this.state;
    const left = AXIS_PX * Math.max(Math.ceil(shown / 2), 1) + 6, right = AXIS_PX * Math.floor(shown / 2) + 18;
    const top = 24 * EM + marksHeight(lanes), bottom = chart === this.chart ? 26 * EM : 60 + 20 * this.visible().length;
    return { left, top, right: chart.getWidth() - right, bottom: chart.getHeight() - bottom, margins: { left, right, top, bottom } };
  },
  at(chart, box) {
    const [from, to] = this.state.window, width = box.right - box.left, height = box.bottom - box.top;
    const count = this.visible().reduce((sum, t) => sum + seen(this.state.runs[t.key] ?? [], from, to).count, 0);
    return {
      ...box, from, to, few: count < 400,
      x: (time) => box.left + ((time - from) / (to - from)) * width,
      y: (axis, value) => box.bottom - ((value - this.scales[axis].min) / (this.scales[axis].max - this.scales[axis].min)) * height,
      bad: this.look().bad,
    };
  },
  options(chart, printed) {
    this.scales = this.axes();
    const look = this.look(), box = this.box(chart), at = this.at(chart, box), [from, to] = this.state.window;
    const { relative } = this, scales = this.scales.length ? this.scales : [{ unit: "", min: 0, max: 1, interval: 0.2, shown: true }];
    return {
      animation: false, useUTC: true, textStyle: { color: look.ink }, grid: box.margins,
      tooltip: { trigger: "item", confine: true, backgroundColor: look.card, borderColor: look.soft, textStyle: { color: look.ink, fontSize: 13 * EM }, extraCssText: "white-space:pre-line;max-width:420px" },
      xAxis: {
        type: "time", min: from, max: to, axisLine: { onZero: false, lineStyle: { color: look.ink } }, splitLine: { show: true, lineStyle: { color: look.rule, opacity: 0.5 } },
        axisLabel: { color: look.ink, fontSize: 12 * EM, hideOverlap: true, ...(relative ? { formatter: (ms) => timeText(ms, to - from > 20000 ? Infinity : to - from, true) } : {}) },
      },
      yAxis: scales.map((axis, number) => ({
        type: "value", min: axis.min, max: axis.max, interval: axis.interval, name: axis.shown ? axis.unit : "", nameGap: 8 * EM, nameTextStyle: { color: look.ink, fontSize: 12 * EM, align: number % 2 ? "left" : "right" },
        position: number % 2 ? "right" : "left", offset: AXIS_PX * Math.floor(number / 2), show: axis.shown, nameLocation: "end",
        axisLine: { show: true, lineStyle: { color: axis.colour ?? look.ink } }, axisLabel: { color: axis.colour ?? look.ink, fontSize: 12 * EM, formatter: (value) => String(tidy(value)), showMinLabel: true, showMaxLabel: true },
        splitLine: { show: number === 0, lineStyle: { color: look.rule } },
      })),
      series: [...this.traceSeries(at, look), this.markSeries(at, look), ...(printed ? [this.cursorSeries(at, look)] : [])],
      graphic: printed ? this.caption(look, box) : [],
    };
  },
  traceSeries(at, look) {
    let lane = 0;
    return this.visible().map((trace) => {
      const runs = this.state.runs[trace.key] ?? [], holdsTo = this.holdsTo(trace.key);
      const unknownFrom = this.state.live && holdsTo === undefined && runs.length ? this.state.now : -Infinity;
      const own = unknownFrom > 0 || runs.some((run, i) => (run.q || (i && !run.j)) && run.t[0] <= at.to) ? lane++ : null;
      const data = runs.map((run, index) => ({ run, index })).filter(({ run, index }) =>
        run.t[0] <= at.to && (runs[index + 1]?.t[0] ?? Infinity) >= at.from).map(({ index }) => [index]);
      if (own !== null) data.push([-1]);
      return {
        type: "custom", name: trace.label, id: trace.key, data, silent: true, clip: true, yAxisIndex: trace.axis, encode: { x: -1, y: -1 }, z: 3,
        renderItem: (_, api) => ({ type: "group", children: api.value(0) < 0 ? laneShapes(runs, own, at, holdsTo, unknownFrom, look) : runShapes(trace, runs, api.value(0), at, holdsTo) }),
      };
    });
  },
  markSeries(at, look) {
    const { marks, lanes } = this.state;
    return {
      type: "custom", id: "marks", data: marks.map((_, index) => [index]), encode: { x: -1, y: -1 }, clip: false, z: 2,
      renderItem: (_, api) => ({ type: "group", children: markShapes(marks[api.value(0)], lanes, at, look) }),
      tooltip: { formatter: ({ dataIndex }) => echarts.format.encodeHTML(marks[dataIndex].text) },
    };
  },
  cursorSeries(at, look) {
    return {
      type: "custom", id: "cursors", data: this.state.cursors.map((_, index) => [index]), encode: { x: -1, y: -1 }, clip: false, z: 4,
      renderItem: (_, api) => {
        const x = at.x(this.state.cursors[api.value(0)]), text = "AB"[api.value(0)];
        return { type: "group", children: [
          { type: "line", shape: { x1: x, x2: x, y1: at.top, y2: at.bottom }, style: { stroke: look.ink, lineWidth: 1.5 } },
          { type: "text", style: { text, x: x + 3, y: at.top + 3, fill: look.ink, font: "bold 14px sans-serif" } },
        ] };
      },
    };
  },
  caption(look, box) {
    const line = (text, y, fill) => ({ type: "text", left: box.left, top: y, style: { text, fill, font: "14px sans-serif" } });
    this.tabulate();
    const cells = (row) => [...row.cells.map((cell, i) => `${"AB"[i]}: ${cell.text}`), this.handles.length === 2 && `B − A: ${row.delta}`].filter(Boolean).join("   ");
    const rows = this.rows.filter((row) => !row.off);
    return [line([this.range, ...this.handles.map((c, i) => `${"AB"[i]}: ${c.text}`), this.apart].filter(Boolean).join("   "), box.bottom + 30, look.ink),
      ...rows.map((row, i) => line(`■ ${row.label}, ${row.unit}   ${cells(row)}   ${this.words.least} ${row.least}, ${this.words.greatest} ${row.greatest}`, box.bottom + 52 + 20 * i, row.colour))];
  },
  tabulate() {
    const { window: [from, to], cursors, traces, runs, shown } = this.state, span = to - from;
    const box = this.box(this.chart), at = this.at(this.chart, box), height = this.chart.getHeight();
    const fine = (ms) => timeText(ms, span, this.relative);
    this.range = `${fine(from)} – ${fine(to)}${this.relative ? "" : " UTC"}   (${lengthText(span)})`;
    this.handles = cursors.map((ms) => ({ at: ms, text: fine(ms).replace(/^\d{4}-/, ""), px: at.x(ms), top: box.top, bottom: height - box.bottom }))
    this.handles.forEach((handle) => { if (handle.px < box.left - 1 || handle.px > box.right + 1) handle.px = -1000; });
    this.apart = cursors.length === 2 ? lengthText(cursors[1] - cursors[0]) : "";
    this.rows = traces.map((trace) => {
      const digits = trace.digits, text = (v) => (v === null || v === undefined || !Number.isFinite(v) ? "–" : v.toFixed(digits));
      const own = runs[trace.key] ?? [], found = cursors.map((ms) => this.readAt(trace.key, own, ms));
      const range = seen(own, from, to), [a, b] = found;
      return {
        ...trace, off: this.off.has(trace.key), now: shown[trace.key]?.text ?? "–", mark: shown[trace.key]?.mark ?? "", state: shown[trace.key]?.state ?? "none", why: shown[trace.key]?.why ?? "",
        cells: found.map((value) => ({ text: text(value?.v), q: value ? ["", "", "uncertain", "bad"][value.q] : "", title: value?.lo != null && value.lo !== value.hi ? `${text(value.lo)} … ${text(value.hi)}` : "" })),
        delta: a && b && a.v !== null && b.v !== null ? text(b.v - a.v) : "–", least: text(range.least), mean: text(range.mean), greatest: text(range.greatest),
      };
    });
  },
  readAt(key, runs, ms) {
    const place = `${key}@${ms}`, [from, to] = this.state.reach ?? [-Infinity, Infinity];
    const value = valueAt(runs, ms, this.holdsTo(key));
    if (value || (ms >= from && ms <= to)) this.read.set(place, value);
    return value ?? this.read.get(place) ?? null; // a cursor out of sight keeps what was read at it
  },
  toggle(key) {
    if (!this.off.delete(key)) this.off.add(key);
    this.draw();
  },
};
