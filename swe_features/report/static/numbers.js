// The numbers of the arms: the Pareto chart, its table, and differences.

function tokensOf(point) {
  return point.test_tokens.completion_tokens;
}

// A point whose rollouts are all suspicious has no clean score.
function valuesOf(point) {
  return point[state.cells] ?? Object.fromEntries(MEASURES.map(([key]) => [key, { value: null, low: null, high: null }]));
}

function pointTip(point) {
  const estimate = valuesOf(point)[state.measure];
  const lines = [
    `${point.arm}, ${budgetName(point.budget)}`,
    `${measureName()} ${score(estimate.value)}` +
      (estimate.low === null ? "" : ` (${score(estimate.low)} to ${score(estimate.high)})`),
    `${count(tokensOf(point).value)} test-time tokens`,
    `${point.scored} of ${plural(point.planned, "cell")} scored`,
  ];
  return lines.join("\n");
}

function measureName() {
  return MEASURES.find(([key]) => key === state.measure)?.[1] ?? "F1";
}

function showPareto() {
  const points = overview.points.filter((point) => shownArms().includes(point.arm));
  const series = [];
  const levels = [];
  for (const arm of shownArms()) {
    const own = points.filter((point) => point.arm === arm);
    for (const point of own.filter((each) => each.budget === null)) {
      const { value, low, high } = valuesOf(point)[state.measure];
      if (value !== null) levels.push({ name: arm, colour: colour(arm), y: value, low, high, tip: pointTip(point) });
    }
    const line = own.filter((point) => point.budget !== null).map((point) => {
      const { value, low, high } = valuesOf(point)[state.measure];
      return { x: tokensOf(point).value, y: value, low, high, tip: pointTip(point) };
    });
    if (line.length) series.push({ name: arm, colour: colour(arm), points: line });
  }
  chart(byId("pareto-figure"), {
    series, levels, yRange: [0, 1], isLog: state.scale === "log",
    xName: "Test-time tokens a cell (generated)", yName: measureName(),
    describe: `${measureName()} against test-time tokens, a line for each arm`,
    caption: "One point for each budget; bands and bars are 95% bootstrap intervals over instances, or over repositories where there are ten or more. " +
      "Dashed: arms that take no steps. Up and left is better.",
  });
  byId("points").replaceChildren(pointTable(points));
}

function pointTable(points) {
  const headings = [["Arm"], ["Budget", "number"], [`${measureName()}, 95% interval`, "number"], ["Precision", "number"],
    ["Recall", "number"], ["Exact", "number"], ["Test tokens", "number"], ["Sleep tokens", "number"], ["Scored", "number"], ["Broken", "number"]];
  const costs = dollars();
  if (costs) headings.push(["$ a cell", "number"], ["$ a context", "number"]);
  return table(headings, points.map((point) => {
    const values = valuesOf(point);
    const broken = Object.entries(point.broken);
    return make("tr", {},
      make("td", {}, named(point.arm)),
      make("td", { class: "number" }, point.budget ?? UNKNOWN),
      make("td", { class: "number" }, score(values[state.measure].value), range(values[state.measure], score)),
      ["precision", "recall", "exact"].map((name) => make("td", { class: "number" }, score(values[name].value))),
      make("td", { class: "number" }, count(tokensOf(point).value)),
      make("td", { class: "number" }, count(point.sleep_tokens.completion_tokens)),
      make("td", { class: "number" }, `${point.scored}/${point.planned}`),
      make("td", { class: broken.length ? "number failed" : "number" },
        broken.length ? broken.map(([name, number]) => `${number} ${name}`).join(", ") : "0"),
      costs ? priceCells(point, costs) : null);
  }));
}

// By arm and budget; null where nothing costs anything, as with the offline model.
function dollars() {
  const { points } = report.costs;
  const sleepers = overview.points.filter((point) => point.contexts > 0).map((point) => point.arm);
  if (points.every((each) => each.test_usd === 0 && (each.sleep_usd === 0 || !sleepers.includes(each.arm)))) return null;
  return new Map(points.map((each) => [`${each.arm} ${each.budget}`, each]));
}

function priceCells(point, costs) {
  const found = costs.get(`${point.arm} ${point.budget}`);
  const show = (usd) => (usd === null ? "unknown" : usd.toFixed(4));
  const sleeps = point.contexts > 0;
  return [make("td", { class: "number" }, found ? show(found.test_usd) : UNKNOWN),
    make("td", { class: "number" }, found && sleeps ? show(found.sleep_usd) : UNKNOWN)];
}

function showSwitches() {
  const hidden = hiddenArms();
  byId("arm-switches").replaceChildren(...overview.arms.map((arm) => {
    const box = make("input", { type: "checkbox", value: arm, checked: !hidden.has(arm) });
    box.addEventListener("change", () => {
      const now = hiddenArms();
      if (box.checked) now.delete(arm);
      else now.add(arm);
      label.classList.toggle("off", !box.checked);
      change("off", [...now].join(","));
    });
    const label = make("label", { title: provenance.summaries[arm], class: hidden.has(arm) ? "off" : null }, box, swatch(arm), arm);
    return label;
  }));
  byId("pareto-options").replaceChildren(
    chooser("Measure", MEASURES, state.measure, (value) => change("measure", value)),
    chooser("Over", DENOMINATORS, state.cells, (value) => change("cells", value)),
    chooser("Tokens", [["linear", "linear"], ["log", "logarithmic"]], state.scale, (value) => change("scale", value)));
}

function probability(p) {
  if (p === null) return UNKNOWN;
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

function showComparisons() {
  const rows = overview.comparisons.map((found) => {
    const side = found[state.cells === "valid" ? "valid" : "all"];
    const title = make("td", {}, `${found.other} − ${found.baseline}`);
    const budget = make("td", { class: "number" }, found.budget ?? UNKNOWN);
    if (!side) return make("tr", {}, title, budget, make("td", { colspan: 5, class: "soft" }, found.all ? "No pair of which both are scored." : "No pair yet."));
    return make("tr", { title: [found.shows, ...found.doubts].join(" ") }, title, budget,
      make("td", { class: "number" }, signed(side.difference.value), range(side.difference, signed)),
      make("td", { class: "number" }, probability(side.p_holm)),
      make("td", { class: "number" }, `${side.wins} / ${side.ties} / ${side.losses}`),
      make("td", { class: "number" }, score(side.smallest_detectable)),
      make("td", { class: "number" }, side.pairs));
  });
  const headings = [["Difference in F1"], ["Budget", "number"], ["Mean, 95% interval", "number"], ["p (Holm)", "number"],
    ["Wins / ties / losses", "number"], ["Smallest detectable", "number"], ["Pairs", "number"]];
  if (!rows.length) {
    byId("comparisons").replaceChildren(make("p", { class: "soft" }, "This experiment has no two arms to compare."));
    return;
  }
  const note = state.cells === "clean" ? make("p", { class: "note" }, "Over all cells: differences have no count of clean rollouts only.") : null;
  byId("comparisons").replaceChildren(...[note, table(headings, rows)].filter(Boolean));
}
