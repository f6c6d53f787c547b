// Methods of the trend's component that answer to people: wheel, fingers, keys, cursors.
const SETTLED_MS = 140, SHORTEST_MS = 5, LONGEST_MS = 400 * 86400000, FRAME_MS = 20, CLICK_PX = 4;

export const gestures = {
  timeAt(event) {
    const box = this.box(this.chart), [from, to] = this.state.window;
    return from + ((event.clientX - this.$refs.plot.getBoundingClientRect().left - box.left) / (box.right - box.left)) * (to - from);
  },
  turn(from, to) {
    const middle = (from + to) / 2, span = Math.min(Math.max(to - from, SHORTEST_MS), LONGEST_MS);
    if (span !== to - from) [from, to] = [middle - span / 2, middle + span / 2];
    if (this.state.live && to < this.state.now - 0.02 * (to - from)) this.state.live = false;
    this.mine = this.state.window = [from, to];
    this.frame ??= setTimeout(() => { this.frame = null; this.draw(); }, FRAME_MS);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => { this.settling = null; this.$emit("turned", { from: this.mine[0], to: this.mine[1] }); }, SETTLED_MS);
  },
  zoom(factor, around) {
    const [from, to] = this.state.window;
    if (this.state.live) around = to;
    this.turn(around - (around - from) * factor, around + (to - around) * factor);
  },
  wheel(event) {
    const [from, to] = this.state.window;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const share = ((event.deltaX || event.deltaY) / 1000) * (to - from);
      this.turn(from + share, to + share);
    } else this.zoom(Math.exp(event.deltaY / 500), this.timeAt(event));
  },
  down(event) {
    if (event.button) return;
    this.$refs.plot.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, start: event.clientX, time: this.timeAt(event) });
    this.held = [...this.state.window];
  },
  move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    pointer.x = event.clientX;
    const all = [...this.pointers.values()], box = this.box(this.chart), rect = this.$refs.plot.getBoundingClientRect();
    if (all.length === 1 && Math.abs(pointer.x - pointer.start) < CLICK_PX && !pointer.dragged) return;
    pointer.dragged = true;
    const share = (p) => (p.x - rect.left - box.left) / (box.right - box.left);
    if (all.length === 1) {
      const span = this.state.window[1] - this.state.window[0], from = pointer.time - share(pointer) * span;
      this.turn(from, from + span);
    } else if (Math.abs(share(all[0]) - share(all[1])) > 0.02) {
      const span = Math.abs((all[1].time - all[0].time) / (share(all[1]) - share(all[0])));
      const from = all[0].time - share(all[0]) * span;
      all.forEach((p) => { p.dragged = true; });
      this.turn(from, from + span);
    }
  },
  up(event) {
    const pointer = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    const box = this.box(this.chart), y = event.clientY - this.$refs.plot.getBoundingClientRect().top;
    if (event.type === "pointerup" && pointer && !pointer.dragged && y > box.top && y < box.bottom) this.place(pointer.time);
  },
  place(time) {
    const { cursors } = this.state;
    if (cursors.length < 2) cursors.push(time);
    else cursors[Math.abs(cursors[0] - time) <= Math.abs(cursors[1] - time) ? 0 : 1] = time;
    this.cursorsChanged();
  },
  cursorsChanged() {
    this.tabulate();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.$emit("cursors", { at: [...this.state.cursors] }), SETTLED_MS);
  },
  grab(index, event) {
    const grip = event.target;
    grip.setPointerCapture(event.pointerId);
    const follow = (moved) => { this.state.cursors[index] = this.timeAt(moved); this.cursorsChanged(); };
    grip.addEventListener("pointermove", follow);
    grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", follow), { once: true });
  },
  nudge(index, event) {
    const box = this.box(this.chart), [from, to] = this.state.window;
    const step = ((to - from) / (box.right - box.left)) * (event.shiftKey ? 20 : 1);
    const cursors = this.state.cursors;
    if (event.key === "ArrowLeft") cursors[index] -= step;
    else if (event.key === "ArrowRight") cursors[index] += step;
    else if (event.key === "Delete" || event.key === "Escape") cursors.splice(index, 1);
    else return;
    event.preventDefault();
    this.cursorsChanged();
  },
  key(event) {
    const [from, to] = this.state.window, span = to - from, middle = (from + to) / 2;
    const pan = (share) => this.turn(from + share * span, to + share * span);
    const actions = {
      ArrowLeft: () => pan(-0.1), ArrowRight: () => pan(0.1), PageUp: () => pan(-1), PageDown: () => pan(1),
      "+": () => this.zoom(0.5, middle), "-": () => this.zoom(2, middle), End: () => this.$emit("present", {}),
      a: () => { this.state.cursors[0] = middle; this.cursorsChanged(); },
      b: () => { this.state.cursors[0] ??= from + 0.4 * span; this.state.cursors[1] = middle; this.cursorsChanged(); },
      Escape: () => { this.state.cursors.length = 0; this.cursorsChanged(); },
    };
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
  },
  drop(event) { this.$emit("dropped", { tag: event.dataTransfer.getData("text/plain").trim() }); },
};
