// Line charts with bands, drawn as SVG at the width of the page.

const MARGIN = { top: 30, right: 96, bottom: 46, left: 52 };
const NARROW = 560;
const TICKS = 6;

function ticks(low, high) {
  const rough = (high - low) / TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) found.push(tick);
  return found;
}

function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) found.push(tick);
    }
  }
  return found;
}

function extent(values, isLog) {
  const known = values.filter((value) => value !== null && (!isLog || value > 0));
  if (!known.length) return [isLog ? 1 : 0, isLog ? 10 : 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (isLog) return [low / 1.15, high * 1.15];
  return [0, high * 1.06 || 1];
}

// series: {name, colour, points: [{x, y, low, high, tip}]}; levels: {name, colour, y, low, high, tip}.
function chart(figure, { series, levels = [], xName, yName, yRange, isLog = false, caption, describe }) {
  const width = Math.max(figure.clientWidth || 900, 300);
  const isNarrow = width < NARROW;
  const margin = { ...MARGIN, right: isNarrow ? 14 : MARGIN.right, left: isNarrow ? 40 : MARGIN.left };
  const height = isNarrow ? 300 : Math.min(440, width * 0.46);
  const all = [...series.flatMap((line) => line.points), ...levels.map((level) => ({ x: null, ...level }))];
  const [x0, x1] = extent(all.map((point) => point.x), isLog);
  const [y0, y1] = yRange ?? extent(all.map((point) => point.high ?? point.y), false);
  const onX = isLog ? (value) => Math.log(value / x0) / Math.log(x1 / x0) : (value) => (value - x0) / (x1 - x0);
  const x = (value) => margin.left + onX(value) * (width - margin.left - margin.right);
  const y = (value) => height - margin.bottom - ((value - y0) / (y1 - y0)) * (height - margin.top - margin.bottom);
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": describe });
  picture.append(axes({ x, y, x0, x1, y0, y1, isLog, width, height, margin, xName, yName }));
  const tip = make("div", { class: "tip", hidden: true, role: "status" });
  const labels = [];
  for (const level of levels) picture.append(drawLevel(level, { x, y, x0, x1 }, tip, labels));
  for (const line of series) picture.append(drawLine(line, { x, y, y1, isLog }, tip, labels));
  if (!isNarrow) picture.append(placeLabels(labels, width - margin.right + 8, margin.top, height - margin.bottom));
  figure.replaceChildren(picture, tip, make("figcaption", {}, caption));
}

function axes({ x, y, x0, x1, y0, y1, isLog, width, height, margin, xName, yName }) {
  const group = draw("g", { "aria-hidden": "true" });
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  for (const tick of ticks(y0, y1)) {
    group.append(draw("line", { class: "grid", x1: margin.left, x2: right, y1: y(tick), y2: y(tick) }));
    group.append(draw("text", { x: margin.left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)));
  }
  let last = -Infinity;
  for (const tick of isLog ? logTicks(x0, x1) : ticks(x0, x1)) {
    if (x(tick) - last < 46) continue;
    last = x(tick);
    group.append(draw("line", { class: "grid", x1: last, x2: last, y1: bottom, y2: bottom + 5 }));
    group.append(draw("text", { x: last, y: bottom + 19, "text-anchor": "middle" }, tickText(tick)));
  }
  group.append(draw("text", { x: (margin.left + right) / 2, y: height - 6, "text-anchor": "middle" }, xName));
  group.append(draw("text", { x: 0, y: 12, "text-anchor": "start" }, yName));
  return group;
}

function tickText(tick) {
  return Number(tick.toPrecision(6)).toLocaleString("en");
}

function drawLine({ name, colour: paint, points, dashed }, { x, y, y1, isLog }, tip, labels) {
  const group = draw("g", { "data-series": name });
  // An interval without an upper end goes on beyond the picture.
  const top = (point) => y(point.high ?? y1);
  const shown = points.filter((point) => point.y !== null && point.x !== null && (!isLog || point.x > 0));
  const banded = shown.filter((point) => point.low !== null && point.low !== undefined);
  if (banded.length > 1) {
    const edge = [...banded.map((p) => [x(p.x), top(p)]), ...banded.reverse().map((p) => [x(p.x), y(p.low)])];
    group.append(draw("polygon", { points: edge.map((pair) => pair.join(",")).join(" "), fill: paint, opacity: 0.13 }));
  }
  const path = shown.map((point) => `${x(point.x)},${y(point.y)}`).join(" ");
  group.append(draw("polyline", {
    points: path, fill: "none", stroke: paint, "stroke-width": 2.2, "stroke-dasharray": dashed ? "6 4" : null,
  }));
  for (const point of shown) {
    const mark = draw("g", { class: "mark", tabindex: 0, role: "img", "aria-label": point.tip });
    if (point.low !== null && point.low !== undefined) {
      mark.append(draw("line", { x1: x(point.x), x2: x(point.x), y1: y(point.low), y2: top(point), stroke: paint, opacity: 0.55 }));
    }
    mark.append(draw("circle", { cx: x(point.x), cy: y(point.y), r: 5, fill: paint }));
    explain(mark, point.tip, x(point.x), y(point.y), tip);
    group.append(mark);
  }
  const end = shown.at(-1);
  if (end) labels.push({ name, paint, y: y(end.y) });
  return group;
}

function drawLevel({ name, colour: paint, y: value, low, high, tip: text }, { x, y, x0, x1 }, tip, labels) {
  const group = draw("g", { class: "mark", tabindex: 0, role: "img", "aria-label": text, "data-series": name });
  if (low !== null && low !== high) {
    group.append(draw("rect", { x: x(x0), width: x(x1) - x(x0), y: y(high), height: y(low) - y(high), fill: paint, opacity: 0.07 }));
  }
  group.append(draw("line", {
    x1: x(x0), x2: x(x1), y1: y(value), y2: y(value), stroke: paint, "stroke-width": 2, "stroke-dasharray": "3 5",
  }));
  explain(group, text, (x(x0) + x(x1)) / 2, y(value), tip);
  labels.push({ name, paint, y: y(value) });
  return group;
}

function placeLabels(labels, left, top, bottom) {
  const group = draw("g", { "aria-hidden": "true" });
  labels.sort((a, b) => a.y - b.y);
  let last = top - 16;
  for (const label of labels) {
    last = Math.min(Math.max(label.y, last + 15), bottom + 30);
    const text = draw("text", { class: "name", x: left, y: last + 4 }, label.name);
    text.style.fill = label.paint;
    group.append(text);
  }
  return group;
}

function explain(mark, text, x, y, tip) {
  const show = () => {
    tip.textContent = plain(text);
    tip.hidden = false;
    const most = tip.parentElement.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(x + 12, most))}px`;
    tip.style.top = `${Math.max(0, y - tip.offsetHeight - 10)}px`;
  };
  const hide = () => {
    tip.hidden = true;
  };
  mark.addEventListener("mouseenter", show);
  mark.addEventListener("focus", show);
  mark.addEventListener("mouseleave", hide);
  mark.addEventListener("blur", hide);
}
