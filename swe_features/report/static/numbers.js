// The numbers of the arms: the Pareto chart, differences, and what sleeping costs.

function tokensOf(point) {
  return point.test_tokens.completion_tokens;
}

function pointTip(point) {
  const estimate = point[state.cells][state.measure];
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
      const { value, low, high } = point[state.cells][state.measure];
      if (value !== null) levels.push({ name: arm, colour: colour(arm), y: value, low, high, tip: pointTip(point) });
    }
    const line = own.filter((point) => point.budget !== null).map((point) => {
      const { value, low, high } = point[state.cells][state.measure];
      return { x: tokensOf(point).value, y: value, low, high, tip: pointTip(point) };
    });
    if (line.length) series.push({ name: arm, colour: colour(arm), points: line });
  }
  chart(byId("pareto-figure"), {
    series, levels, yRange: [0, 1], isLog: state.scale === "log",
    xName: "Test-time tokens a cell (generated)", yName: measureName(),
    describe: `${measureName()} against test-time tokens, a line for each arm`,
    caption: "One point for each budget; bands and bars are 95% bootstrap intervals over instances. " +
      "Dashed: arms that take no steps. Up and left is better.",
  });
  byId("points").replaceChildren(pointTable(points));
}

function pointTable(points) {
  const headings = [["Arm"], ["Budget", "number"], [`${measureName()}, 95% interval`, "number"], ["Precision", "number"],
    ["Recall", "number"], ["Exact", "number"], ["Test tokens", "number"], ["Sleep tokens", "number"], ["Scored", "number"], ["Broken", "number"]];
  return table(headings, points.map((point) => {
    const values = point[state.cells];
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
        broken.length ? broken.map(([name, number]) => `${number} ${name}`).join(", ") : "0"));
  }));
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

function showComparisons() {
  const rows = overview.comparisons.map((found) => {
    const side = found[state.cells];
    const title = make("td", {}, `${found.other} − ${found.baseline}`);
    const budget = make("td", { class: "number" }, found.budget ?? UNKNOWN);
    if (!side) return make("tr", {}, title, budget, make("td", { colspan: 5, class: "soft" }, "No pair yet."));
    return make("tr", { title: [found.shows, ...found.doubts].join(" ") }, title, budget,
      make("td", { class: "number" }, signed(side.difference.value), range(side.difference, signed)),
      make("td", { class: "number" }, side.p_holm === null ? UNKNOWN : side.p_holm.toFixed(3)),
      make("td", { class: "number" }, `${side.wins} / ${side.ties} / ${side.losses}`),
      make("td", { class: "number" }, score(side.smallest_detectable)),
      make("td", { class: "number" }, found.pairs));
  });
  const headings = [["Difference in F1"], ["Budget", "number"], ["Mean, 95% interval", "number"], ["p (Holm)", "number"],
    ["Wins / ties / losses", "number"], ["Smallest detectable", "number"], ["Pairs", "number"]];
  byId("comparisons").replaceChildren(rows.length ? table(headings, rows)
    : make("p", { class: "soft" }, "This experiment has no two arms to compare."));
}

function chosenAmortisation() {
  const all = overview.amortisation.filter((each) => each.basis === state.basis && each.prices.name === (state.prices || each.prices.name));
  return all.find((each) => String(each.budget) === state.at) ?? all[0];
}

function showAmortisation() {
  const found = chosenAmortisation();
  if (!found) {
    byId("amortisation-figure").replaceChildren(make("p", { class: "soft" },
      `This needs cells of both ${overview.sleeper} and ${overview.baseline}.`));
    byId("amortisation-table").replaceChildren();
    return;
  }
  const { low, high, value } = found.baseline_cost;
  const point = ({ queries, cost }) => ({
    x: queries, y: cost.value, low: cost.low, high: cost.high,
    tip: `${overview.sleeper}\n${count(cost.value)} a query where ${queries} share a context`,
  });
  chart(byId("amortisation-figure"), {
    series: [{ name: overview.sleeper, colour: colour(overview.sleeper), points: found.queries.map(point) }],
    levels: value === null ? [] : [{ name: overview.baseline, colour: colour(overview.baseline), y: value, low, high,
      tip: `${overview.baseline}\n${count(value)} a query` }],
    isLog: true, xName: "Queries that share one learned context", yName: `Cost a query, ${found.prices.name}`,
    describe: "Cost a query by the number of queries that share a learned context",
    caption: [found.shows, ...found.doubts].join(" "),
  });
  byId("amortisation-table").replaceChildren(amortisationTable(found), ...savingsParts());
}

function amortisationTable(found) {
  const headings = [["Queries a context", "number"], [`Cost with ${overview.sleeper}`, "number"],
    [`Cost with ${overview.baseline}`, "number"], ["Times cheaper", "number"]];
  const rows = found.queries.map(({ queries, cost, ratio }) => make("tr", {},
    make("td", { class: "number" }, queries),
    make("td", { class: "number" }, count(cost.value), range(cost, count)),
    make("td", { class: "number" }, count(found.baseline_cost.value)),
    make("td", { class: "number" }, score(ratio.value, 2), range(ratio, (number) => score(number, 2)))));
  return table(headings, rows);
}

function savingsParts() {
  if (!overview.savings.length) return [];
  const headings = [[`F1 of ${overview.baseline}`, "number"], ["Its budget", "number"], ["Its tokens", "number"],
    [`Tokens of ${overview.sleeper}`, "number"], ["Times fewer", "number"]];
  const rows = overview.savings.map((each) => make("tr", { title: [each.shows, ...each.doubts].join(" ") },
    make("td", { class: "number" }, score(each.level)),
    make("td", { class: "number" }, each.budget ?? UNKNOWN),
    make("td", { class: "number" }, count(each.baseline_spent)),
    make("td", { class: "number" }, each.other_spent === null ? "not reached" : count(each.other_spent)),
    make("td", { class: "number" }, each.other_spent === null ? UNKNOWN : (each.outcome === "reached at once" ? "≥ " : "") + score(each.ratio.value, 2),
      each.other_spent === null ? null : range(each.ratio, (number) => score(number, 2)))));
  return [make("h3", {}, "Test-time tokens for the same F1"), table(headings, rows)];
}

function showAmortisationOptions() {
  const unique = (values) => [...new Set(values)];
  const names = unique(overview.amortisation.map((each) => each.prices.name));
  const budgets = unique(overview.amortisation.map((each) => String(each.budget)));
  byId("amortisation-options").replaceChildren(
    chooser("At", [["equal budget", "equal budget"], ["equal F1", "equal F1"]], state.basis, (value) => change("basis", value)),
    chooser("Of", budgets.map((budget) => [budget, `${budget} steps`]), state.at || budgets[0], (value) => change("at", value)),
    chooser("Priced in", names.map((name) => [name, name]), state.prices || names[0], (value) => change("prices", value)));
}
