// The chart of a quote page once a reader touches it: ranges, a comparison and values under the pointer, in place
// of the server's drawing and from the same sessions. Asks nothing of other hosts; without it every range and
// comparison is a link or a form. Fetched by markets.js when a reader goes for the chart; loads the library
// (vendor/uplot) only when it is wanted.
"use strict";

(() => {
  const figure = document.querySelector("figure.line-chart[data-series]");
  if (!figure) return;
  const stage = figure.querySelector(".stage");
  const readout = figure.querySelector(".readout");
  const caption = figure.querySelector(".caption");
  const form = document.querySelector("form.versus");
  const ranges = [...document.querySelectorAll(".ranges a[data-range]")];
  const MONTHS = { "1m": 1, "6m": 6, "1y": 12, "5y": 60, max: 0 };
  const NAMES = ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."];
  const DAY = 86400;

  let range = figure.dataset.range;
  let versus = figure.dataset.versus;
  let ready = null; // the library and our own series, once asked for
  let plot = null;
  let other = null;
  let mine = null;

  // --- data ---

  const sums = (differences) => {
    let total = 0;
    return differences.map((step) => (total += step));
  };

  const load = (address) => fetch(address).then((answer) => {
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }).then((raw) => {
    const scale = 10 ** raw.decimals;
    return { ...raw, days: sums(raw.days).map((day) => day * DAY), closes: sums(raw.closes).map((close) => close / scale) };
  });

  const script = (address) => new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
    document.head.append(made);
  });

  const style = (address) => new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address, onload: resolve, onerror: reject });
    document.head.append(made);
  });

  const seriesOf = (symbol) => `/quotes/${encodeURIComponent(symbol).replace(/%3A/gi, ":").replace(/%2F/gi, "/")}/series.json`;

  const prepare = () => {
    ready ??= Promise.all([
      load(figure.dataset.series),
      versus ? load(seriesOf(versus)) : null,
      script(figure.dataset.script),
      style(figure.dataset.style),
    ]).then(([own, its]) => { mine = own; other = its; });
    ready.catch(() => { ready = null; }); // the server's drawing stays
    return ready;
  };

  // --- what is shown ---

  const start = (days) => {
    const months = MONTHS[range];
    if (!months) return 0;
    const last = new Date(days.at(-1) * 1000);
    const total = last.getUTCFullYear() * 12 + last.getUTCMonth() - months;
    const [year, month] = [Math.floor(total / 12), total % 12];
    const day = Math.min(last.getUTCDate(), new Date(Date.UTC(year, month + 1, 0)).getUTCDate());
    const wanted = Date.UTC(year, month, day) / 1000;
    let at = days.findIndex((one) => one > wanted) - 1;
    if (at < 0) at = 0;
    return at;
  };

  const table = () => {
    if (other) {
      const theirs = new Map(other.days.map((day, at) => [day, other.closes[at]]));
      const rows = mine.days.map((day, at) => [day, mine.closes[at], theirs.get(day)]).slice(start(mine.days)).filter((row) => row[2] !== undefined);
      if (rows.length < 5) return null;
      const [, own, its] = rows[0];
      return [rows.map((row) => row[0]), rows.map((row) => (row[1] / own - 1) * 100), rows.map((row) => (row[2] / its - 1) * 100)];
    }
    const from = start(mine.days);
    const closes = mine.closes.slice(from);
    return [mine.days.slice(from), mine.basis === "price" ? closes : closes.map((close) => 100 * close / closes[0])];
  };

  const spoken = (seconds) => {
    const day = new Date(seconds * 1000);
    return `${NAMES[day.getUTCMonth()]} ${day.getUTCDate()}, ${day.getUTCFullYear()}`;
  };

  const minus = (text) => text.replace("-", "−");
  const percent = (value) => minus(`${value > 0 ? "+" : ""}${value.toFixed(2)}%`);
  const level = (value) => {
    const places = mine.basis === "price" ? mine.decimals : 1;
    const text = value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    return minus(mine.unit === "USD" ? `$${text}` : text);
  };

  const said = (data, at) => {
    if (other) return `${spoken(data[0][at])}: ${mine.name} ${percent(data[1][at])}, ${other.name} ${percent(data[2][at])}`;
    const since = (data[1][at] / data[1][0] - 1) * 100;
    return `${spoken(data[0][at])}: ${level(data[1][at])}${at ? `, ${percent(since)} since ${spoken(data[0][0])}` : ""}`;
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = () => {
    const data = table();
    if (!data) return false;
    const box = { width: stage.clientWidth, height: stage.clientHeight };
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { stroke: colour("--rule"), width: 1 }, font: `12px ${getComputedStyle(readout).fontFamily}` };
    const line = (label, stroke, more) => ({ label, stroke, width: 2, points: { show: false }, ...more });
    plot?.destroy();
    const shade = other ? {} : { fill: colour("--wash") };
    plot = new uPlot({
      ...box,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      legend: { show: false },
      cursor: { y: false, points: { size: 8 }, drag: { x: true, y: false, dist: 6 } },
      scales: { x: { time: true }, y: { range: (_, low, high) => { const room = (high - low || Math.abs(high) * 0.02 || 1) * 0.08; return [low - room, high + room]; } } },
      axes: [
        { ...axis, space: 70 },
        { ...axis, side: 1, size: 64, values: (_, ticks) => ticks.map((tick) => other ? minus(`${tick > 0 ? "+" : ""}${+tick.toFixed(2)}%`) : minus(tick.toLocaleString("en-US"))) },
      ],
      series: [{}, line(mine.name, colour("--accent"), shade), ...(other ? [line(other.name, colour("--down"), { dash: [6, 3] })] : [])],
      hooks: { setCursor: [(it) => { if (it.cursor.idx != null) readout.textContent = said(data, it.cursor.idx); }] },
    }, data, stage);
    stage.querySelector("svg")?.setAttribute("hidden", "");
    const last = data[0].length - 1;
    readout.textContent = said(data, last);
    // The server's own words stand as long as its drawing is shown again: what is below does not move.
    if (range !== figure.dataset.range || versus !== figure.dataset.versus) caption.textContent = other
      ? `Change since the close of ${spoken(data[0][0])}. Dashed: ${other.name}.`
      : `${mine.basis === "price" ? "Closing prices" : "Growth of 100 including dividends"} from ${spoken(data[0][0])} to ${spoken(data[0][last])}.`;
    figure.dataset.live = "yes";
    return true;
  };

  const show = () => prepare().then(draw).catch(() => false);

  const state = () => {
    const stated = new URLSearchParams(location.search);
    for (const [name, value] of [["range", range === "1y" ? "" : range], ["vs", versus]]) {
      if (value) stated.set(name, value); else stated.delete(name);
    }
    stated.delete("page");
    const text = stated.toString().replaceAll("%3A", ":");
    history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
    for (const link of ranges) {
      if (link.dataset.range === range) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  };

  // --- what readers do ---

  const wake = () => { if (!plot) show(); };
  for (const event of ["pointerenter", "focusin", "touchstart"]) stage.addEventListener(event, wake, { once: true, passive: true });
  if (figure.dataset.wanted) wake(); // what woke this script was meant for the chart

  for (const link of ranges) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button) return;
      event.preventDefault();
      const before = range;
      range = link.dataset.range;
      show().then((drawn) => {
        if (drawn) state(); else { range = before; location.href = link.href; }
      });
    });
  }

  form?.addEventListener("submit", (event) => {
    const asked = form.elements.vs.value.trim();
    event.preventDefault();
    const plain = () => { form.submit(); };
    if (!asked) { versus = ""; other = null; show().then((drawn) => (drawn ? state() : plain())); return; }
    fetch(`${form.dataset.symbols}?q=${encodeURIComponent(asked)}&limit=1`).then((answer) => answer.json()).then(({ symbols }) => {
      const found = symbols[0];
      if (!found || found.symbol === figure.dataset.symbol) { plain(); return null; }
      return Promise.all([load(seriesOf(found.symbol)), prepare()]).then(([its]) => {
        const before = [other, versus];
        [other, versus] = [its, found.symbol];
        if (draw()) { form.elements.vs.value = found.ticker; state(); } else { [other, versus] = before; plain(); }
      });
    }).catch(plain);
  });

  // Arrow keys walk along the line; the value is read out.
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -21, PageDown: 21, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || !plot) return;
    event.preventDefault();
    const last = plot.data[0].length - 1;
    const at = Math.max(0, Math.min(last, (plot.cursor.idx ?? last) + step));
    plot.setCursor({ left: plot.valToPos(plot.data[0][at], "x"), top: plot.bbox.height / devicePixelRatio / 2 });
    readout.textContent = said(plot.data, at);
  });

  let width = stage.clientWidth;
  new ResizeObserver(() => {
    if (plot && stage.clientWidth !== width) { width = stage.clientWidth; plot.setSize({ width, height: stage.clientHeight }); }
  }).observe(stage);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (plot) draw(); });
})();
