// What a page does by itself: ages that grow, the alarm sound, and telling the server that somebody is there.
window.hmi = (() => {
  const TICK_MS = 500, ACTIVE_MS = 20000;
  // Tones of a priority: every so many ms, [Hz, begin in s, length in s] each.
  const SOUNDS = {
    critical: { every: 1200, tones: [[988, 0, 0.12], [1319, 0.16, 0.12], [988, 0.32, 0.12]] },
    high: { every: 2400, tones: [[880, 0, 0.16], [659, 0.22, 0.16]] },
    medium: { every: 5000, tones: [[587, 0, 0.25]] },
    low: { every: 12000, tones: [[392, 0, 0.2]] },
  };
  let ahead = 0, priority = "", newest = 0, blocked = false, played = 0, told = 0;
  const waves = {};
  const kept = (name) => localStorage.getItem("hmi." + name);
  const keep = (name, value) => localStorage.setItem("hmi." + name, value);
  const muted = () => kept("muted") === "1";
  const now = () => Date.now() + ahead;
  const sounding = () => Boolean(priority) && !muted() && newest > Number(kept("silenced") || 0);

  function age(seconds) {
    for (const [length, unit] of [[86400, "d"], [3600, "h"], [60, "min"]])
      if (seconds >= length) return Math.round(seconds / length) + " " + unit;
    return Math.max(0, Math.round(seconds)) + " s";
  }

  // The sound of a priority as a WAV: 16 bit, one channel, with soft edges so that nothing clicks.
  function wave(tones) {
    const rate = 11025, edge = 0.01, end = Math.max(...tones.map(([, begin, length]) => begin + length));
    const data = new DataView(new ArrayBuffer(44 + 2 * Math.ceil(end * rate)));
    const size = data.byteLength, head = [
      0x52494646, size - 8, 0x57415645, 0x666d7420, 16, 0x00010001, rate, 2 * rate, 0x00100002, 0x64617461, size - 44];
    head.forEach((word, at) => data.setUint32(4 * at, word, ![0, 2, 3, 9].includes(at)));
    for (const [hertz, begin, length] of tones)
      for (let at = 0; at < length; at += 1 / rate) {
        const level = 0.4 * Math.min(1, at / edge, (length - at) / edge);
        const place = 44 + 2 * Math.floor((begin + at) * rate);
        if (place + 2 <= size) data.setInt16(place, 32767 * level * Math.sin(2 * Math.PI * hertz * at), true);
      }
    return new Audio(URL.createObjectURL(new Blob([data], { type: "audio/wav" })));
  }

  function play() {
    if (!sounding() || Date.now() - played < SOUNDS[priority].every) return;
    played = Date.now();
    waves[priority] = waves[priority] || wave(SOUNDS[priority].tones);
    // Browsers are silent until somebody has pressed something in the page, unless they are told otherwise.
    waves[priority].play().then(() => { blocked = false; }, () => { blocked = true; });
  }

  function tick() {
    for (const each of document.querySelectorAll("[data-since]"))
      write(each, age((now() - Number(each.dataset.since)) / 1000));
    for (const each of document.querySelectorAll("[data-until]"))
      write(each, age((Number(each.dataset.until) - now()) / 1000));
    for (const each of document.querySelectorAll("[data-sound]")) {
      each.dataset.sound = muted() ? "muted" : blocked && sounding() ? "blocked" : "on";
      each.setAttribute("aria-pressed", muted());
    }
    for (const each of document.querySelectorAll("[data-silence]")) each.hidden = !sounding();
    play();
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function active() {
    if (blocked) { played = 0; play(); }
    if (Date.now() - told < ACTIVE_MS || typeof emitEvent !== "function") return;
    told = Date.now();
    emitEvent("hmi-activity");
  }

  document.addEventListener("pointerdown", active, true);
  document.addEventListener("keydown", active, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-sound]")) keep("muted", muted() ? "0" : "1");
    else if (event.target.closest("[data-silence]")) keep("silenced", newest);
    else return;
    tick();
  });
  setInterval(tick, TICK_MS);
  // What the next page is told: fingers need more room than a mouse.
  document.cookie = `pointer=${matchMedia("(pointer: coarse)").matches ? "coarse" : "fine"}; path=/; SameSite=Strict`;

  return {
    // The server's clock at the making of the page, ms.
    clock: (ms) => { ahead = ms - Date.now(); },
    // The most urgent alarm that calls, "" for none, and when the newest one came, ms.
    alarm: (most, ms) => { priority = most; newest = ms; tick(); },
    isSounding: sounding,
  };
})();
