// A trend in the browser: it keeps its points, moves and zooms at once, and asks for finer ones afterwards.
import { echarts } from "nicegui-echart";
import { drawing, gestures } from "cellgate-trend";

export default {
  template: `
  <div class="trend">
    <div class="trend-range num" data-range>{{ range }}</div>
    <div class="trend-plot" ref="plot" :style="{'--rows': rows.length}" tabindex="0" role="group" :aria-label="words.chart" data-plot
      @wheel.prevent="wheel" @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="up" @keydown="key" @dragover.prevent @drop.prevent="drop">
      <div style="position:absolute; inset:0" ref="canvas"></div>
      <div v-for="(cursor, i) in handles" class="trend-cursor" :style="{left: cursor.px + 'px', top: cursor.top + 'px', bottom: cursor.bottom + 'px'}">
        <div class="grip" role="slider" tabindex="0" :aria-label="words.cursor + ' ' + 'AB'[i]" :aria-valuenow="cursor.at"
          :aria-valuetext="cursor.text" :data-cursor="'AB'[i]" @pointerdown.stop="grab(i, $event)" @keydown.stop="nudge(i, $event)">{{ 'AB'[i] }}</div>
      </div>
    </div>
    <div class="trend-table"><table>
      <thead><tr><th></th><th>{{ words.tag }}</th><th v-if="!relative">{{ words.now }}</th>
        <th v-for="(c, i) in handles">{{ 'AB'[i] }}<small>{{ c.text }}</small></th>
        <th v-if="handles.length === 2">B − A<small>{{ apart }}</small></th>
        <th>{{ words.least }}</th><th>{{ words.mean }}</th><th>{{ words.greatest }}</th><th>{{ words.unit }}</th></tr></thead>
      <tbody><tr v-for="row in rows" :key="row.key" :class="{off: row.off}" :data-trace="row.key">
        <td><button class="swatch" type="button" :style="{background: row.off ? 'transparent' : row.colour, borderColor: row.colour}" :aria-pressed="!row.off"
          :aria-label="words.show + ' ' + row.label" @click="toggle(row.key)"></button></td>
        <td class="name" :title="row.key">{{ row.label }}</td>
        <td v-if="!relative"><span class="num" :class="row.state" :data-tag="row.key" :title="row.why">{{ row.now }}</span>
          <span class="mark" :class="row.state + '-mark'">{{ row.mark }}</span></td>
        <td v-for="(cell, i) in row.cells" class="num" :class="cell.q" :data-at="'AB'[i]" :title="cell.title">{{ cell.text }}</td>
        <td v-if="handles.length === 2" class="num" data-delta>{{ row.delta }}</td>
        <td class="num soft">{{ row.least }}</td><td class="num soft">{{ row.mean }}</td><td class="num soft">{{ row.greatest }}</td>
        <td class="unit">{{ row.unit }}</td></tr></tbody>
    </table></div>
  </div>`,
  props: { words: Object, dark: Boolean },
  data: () => ({ range: "", handles: [], rows: [], apart: "", relative: false }),
  async mounted() {
    await new Promise((resolve) => setTimeout(resolve, 0)); // styles are applied by then
    this.state = { traces: [], runs: {}, marks: [], lanes: { phases: 0, alarms: 0, events: false }, window: [0, 1], live: false, now: 0, shown: {}, cursors: [] };
    this.off = new Set();
    this.read = new Map();
    this.pointers = new Map();
    this.chart = echarts.init(this.$refs.canvas, null, { renderer: "canvas" });
    this.observer = new ResizeObserver(() => { this.chart.resize(); this.draw(); });
    this.observer.observe(this.$refs.plot);
    this.$emit("ready", { width: this.$refs.plot.clientWidth });
  },
  beforeUnmount() {
    this.observer?.disconnect();
    for (const timer of [this.settling, this.frame, this.telling]) clearTimeout(timer);
    this.chart?.dispose();
  },
  methods: {
    // From the server -----------------------------------------------------------------------------
    load(fresh) {
      if (!this.chart) return;
      Object.assign(this.state, fresh);
      if (fresh.traces) this.relative = fresh.relative;
      if (this.read.size > 200) this.read.clear();
      if (this.pointers.size || this.settling) this.state.window = this.mine ?? this.state.window;
      this.draw();
    },
    append({ now, runs, shown, marks, lanes }) {
      if (!this.chart) return;
      const state = this.state;
      for (const [key, fresh] of Object.entries(runs)) this.join(key, fresh);
      Object.assign(state, { now, shown }, marks ? { marks, lanes } : {});
      if (state.live && !this.pointers.size) state.window = [now - (state.window[1] - state.window[0]), now];
      this.draw();
    },
    show(window) {
      if (!this.chart) return;
      this.state.window = window;
      this.draw();
    },
    picture(format, name) {
      const holder = document.createElement("div");
      Object.assign(holder.style, { position: "fixed", left: "-4000px", width: "1600px", height: "900px" });
      document.body.append(holder);
      const chart = echarts.init(holder, null, { renderer: format === "svg" ? "svg" : "canvas", width: 1600, height: 900 });
      chart.setOption(this.options(chart, true));
      const link = document.createElement("a");
      link.href = chart.getDataURL({ type: format, pixelRatio: format === "svg" ? 1 : 2, backgroundColor: this.look().card });
      link.download = name;
      link.click();
      chart.dispose();
      holder.remove();
    },
    values(key) { return this.state.runs[key] ?? []; },
    seenWindow() { return this.state.window; },
    pixelOf(time) { return this.at(this.chart, this.box(this.chart)).x(time); },

    // Data ------------------------------------------------------------------------------------------
    join(key, fresh) {
      const runs = (this.state.runs[key] ??= []);
      for (const run of fresh) {
        const last = runs[runs.length - 1];
        if (last && run.j && last.q === run.q && !last.lo === !run.lo) {
          last.t.push(...run.t);
          last.v.push(...run.v);
          if (run.lo) { last.lo.push(...run.lo); last.hi.push(...run.hi); }
        } else runs.push(run);
      }
    },
    holdsTo(key) { return this.state.shown[key]?.holds ? this.state.now : undefined; },
    visible() { return this.state.traces.filter((trace) => !this.off.has(trace.key)); },
    ...drawing,
    ...gestures,
  },
};
