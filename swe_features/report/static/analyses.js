// What sleeping saves, and what it depends on.

function chosenSleeper() {
  return analyses.sleepers.find((each) => each.arm === state.sleeper) ?? analyses.sleepers[0];
}

function chosenAmortisation() {
  const all = chosenSleeper()?.amortisation.filter((each) => each.basis === state.basis && each.prices.name === (state.prices || each.prices.name));
  return all?.find((each) => String(each.budget) === state.at) ?? all?.[0];
}

function showAmortisation() {
  const found = chosenAmortisation();
  if (!found) {
    byId("amortisation-figure").replaceChildren(make("p", { class: "soft" },
      "This needs scored cells of an arm that sleeps, and of one that does not."));
    byId("amortisation-table").replaceChildren();
    return;
  }
  const { arm, baseline } = chosenSleeper();
  const { low, high, value } = found.baseline_cost;
  const point = ({ queries, cost }) => ({
    x: queries, y: cost.value, low: cost.low, high: cost.high,
    tip: `${arm}\n${count(cost.value)} a query where ${queries} share a context`,
  });
  chart(byId("amortisation-figure"), {
    series: [{ name: arm, colour: colour(arm), points: found.queries.map(point) }],
    levels: value === null ? [] : [{ name: baseline, colour: colour(baseline), y: value, low, high,
      tip: `${baseline}\n${count(value)} a query` }],
    isLog: true, xName: "Queries that share one learned context", yName: `Cost a query, ${found.prices.name}`,
    describe: "Cost a query by the number of queries that share a learned context",
    caption: reading(found),
  });
  byId("amortisation-table").replaceChildren(amortisationTable(found, arm, baseline), ...savingsParts(chosenSleeper()));
}

function amortisationTable(found, arm, baseline) {
  const headings = [["Queries a context", "number"], [`Cost with ${arm}`, "number"],
    [`Cost with ${baseline}`, "number"], ["Times cheaper", "number"]];
  const rows = found.queries.map(({ queries, cost, ratio }) => make("tr", {},
    make("td", { class: "number" }, queries),
    make("td", { class: "number" }, count(cost.value), range(cost, count)),
    make("td", { class: "number" }, count(found.baseline_cost.value)),
    make("td", { class: "number" }, score(ratio.value, 2), range(ratio, (number) => score(number, 2)))));
  return table(headings, rows);
}

function savingsParts({ arm, baseline, savings, area }) {
  if (!savings.length) return [];
  const headings = [[`F1 of ${baseline}`, "number"], ["Its budget", "number"], ["Its tokens", "number"],
    [`Tokens of ${arm}`, "number"], ["Times fewer", "number"]];
  const rows = savings.map((each) => make("tr", { title: [each.shows, ...each.doubts].join(" ") },
    make("td", { class: "number" }, score(each.level)),
    make("td", { class: "number" }, each.budget ?? UNKNOWN),
    make("td", { class: "number" }, count(each.baseline_spent)),
    make("td", { class: "number" }, each.other_spent === null ? "not reached" : count(each.other_spent)),
    make("td", { class: "number" }, each.other_spent === null ? UNKNOWN : (each.outcome === "reached at once" ? "≥ " : "") + score(each.ratio.value, 2),
      each.other_spent === null ? null : range(each.ratio, (number) => score(number, 2)))));
  return [make("h3", {}, "Test-time tokens for the same F1"), table(headings, rows),
    area ? make("p", { class: "note" }, area.shows) : null].filter(Boolean);
}

function showAmortisationOptions() {
  const all = chosenSleeper()?.amortisation ?? [];
  const unique = (values) => [...new Set(values)].map((value) => [value, value]);
  const arms = unique(analyses.sleepers.map((each) => each.arm));
  const names = unique(all.map((each) => each.prices.name));
  const budgets = [...new Set(all.map((each) => each.budget))].map((budget) => [String(budget), budgetName(budget)]);
  byId("amortisation-options").replaceChildren(...(all.length ? [
    arms.length > 1 ? chooser("Arm", arms, state.sleeper || arms[0][0], (value) => change("sleeper", value)) : null,
    chooser("At", unique(["equal budget", "equal F1"]), state.basis, (value) => change("basis", value)),
    chooser("Of", budgets, state.at || budgets[0][0], (value) => change("at", value)),
    chooser("Priced in", names, state.prices || names[0][0], (value) => change("prices", value)),
  ] : []).filter(Boolean));
}

// An analysis: its figure or table, what it shows, and when not to believe it.
function analysis(title, found, body) {
  return [make("h3", {}, title), ...body, make("p", { class: "note" }, reading(found))];
}

// Doubts about the whole experiment stand at the top of the page, once.
function reading(found) {
  return [found.shows, ...found.doubts.filter((doubt) => !overview.doubts.includes(doubt))].join(" ");
}

function showFurther() {
  const parts = [];
  const sleeper = chosenSleeper();
  const [first, ...others] = (sleeper?.predictability ?? []).map((found) => predictability(found, sleeper));
  if (first) parts.push(...first);
  if (others.length) {
    const many = others.length === 1 ? "another budget" : `${others.length} other budgets`;
    parts.push(make("details", { class: "more" }, make("summary", {}, `The same at ${many}`), ...others.flat()));
  }
  if (sleeper && hasPasses(sleeper)) parts.push(...passes(sleeper));
  for (const found of analyses.scaling) parts.push(...scaling(found));
  byId("further-body").replaceChildren(...(parts.length ? parts
    : [make("p", { class: "soft" }, "No further analysis has enough cells.")]));
  showPasses();
}

// With one seed there is nothing to pick from.
function hasPasses({ passes: points, at_equal_tokens: against }) {
  return points.length > 1 || against.some((each) => each.difference.value !== null);
}

function passes({ arm, baseline, at_equal_tokens: against }) {
  const headings = [[`Budget of ${arm}`, "number"], [`Samples of ${baseline} that its tokens pay for`, "number"],
    ["Difference in F1 to the best of them", "number"]];
  const rows = against.map((each) => make("tr", { title: each.shows },
    make("td", { class: "number" }, each.budget ?? UNKNOWN),
    make("td", { class: "number" }, score(each.k, 2)),
    make("td", { class: "number" }, each.difference.value === null ? "unknown" : signed(each.difference.value), range(each.difference, signed))));
  const known = against.filter((each) => each.difference.value !== null);
  const doubts = new Set(against.flatMap((each) => each.doubts).filter((doubt) => !overview.doubts.includes(doubt)));
  return [make("h3", {}, "Sleeping against trying again: pass@k at equal tokens"), make("figure", { id: "passes-figure" }),
    make("div", { class: "scroll" }, table(headings, rows)),
    make("p", { class: "note" }, [...known.slice(0, 1).map((each) => each.shows), ...doubts].join(" "))];
}

// Drawn once its figure is on the page and has a width.
function showPasses() {
  const figure = byId("passes-figure");
  const sleeper = chosenSleeper();
  if (!figure || !sleeper) return;
  const { arm, baseline, passes: points } = sleeper;
  const stepping = (name) => overview.points.filter((point) => point.arm === name && point.budget !== null && tokensOf(point).value !== null);
  const least = stepping(baseline)[0]?.budget ?? null;
  const best = points.map(({ k, spent, f1 }) => ({ x: spent.value, y: f1.value, low: f1.low, high: f1.high,
    tip: `${baseline}, best of ${k}\nF1 ${score(f1.value)}${f1.low === null ? "" : ` (${score(f1.low)} to ${score(f1.high)})`}\n${count(spent.value)} test-time tokens` }));
  const own = stepping(arm).map((point) => ({ x: tokensOf(point).value, y: point.all.f1.value, low: point.all.f1.low, high: point.all.f1.high,
    tip: `${arm}, ${budgetName(point.budget)}\nF1 ${score(point.all.f1.value)}\n${count(tokensOf(point).value)} test-time tokens` }));
  chart(figure, {
    series: [{ name: "best of k", colour: colour(baseline), points: best, dashed: true }, { name: arm, colour: colour(arm), points: own }],
    yRange: [0, 1], xName: "Test-time tokens of all samples together (generated)", yName: "F1",
    describe: `F1 of the best of k samples of ${baseline}, and of ${arm}, against test-time tokens`,
    caption: `Dashed: the best of ${points.length > 1 ? `1 to ${points.length}` : "1"} samples of ${baseline} with ${budgetName(least)}, k from left to right; the best is picked by the score itself. ` +
      `The line: ${arm}, a point for each budget. Bands are 95% bootstrap intervals over instances, or over repositories where there are ten or more.`,
  });
}

function predictability(found, { arm, baseline }) {
  const headings = [["Log-probability a token", "number"], ["Instances", "number"], [`F1 of ${baseline}`, "number"],
    [`F1 of ${arm}`, "number"], ["Gain", "number"]];
  const rows = found.bins.map((bin) => make("tr", {},
    make("td", { class: "number" }, `${score(bin.least, 2)} to ${score(bin.most, 2)}`),
    make("td", { class: "number" }, bin.instances),
    make("td", { class: "number" }, score(bin.baseline_f1)),
    make("td", { class: "number" }, score(bin.other_f1)),
    make("td", { class: "number" }, signed(bin.gain.value), range(bin.gain, signed))));
  const title = `Gain by how predictable the query is, ${budgetName(found.budget)} (${analyses.likelihood_model ?? "not judged"})`;
  return analysis(title, found, [make("div", { class: "scroll" }, table(headings, rows))]);
}

function scaling(found) {
  const headings = [["Contexts", "number"], ["Arm"], ["F1", "number"], ["Sleep tokens", "number"], ["Test tokens", "number"]];
  const rows = found.points.map((point) => make("tr", {},
    make("td", { class: "number" }, point.k),
    make("td", {}, point.arm),
    make("td", { class: "number" }, score(point.f1.value), range(point.f1, score)),
    make("td", { class: "number" }, count(point.sleep_tokens.value)),
    make("td", { class: "number" }, count(point.test_tokens.value))));
  return analysis(`Scaling by learned contexts, ${budgetName(found.budget)}`, found, [make("div", { class: "scroll" }, table(headings, rows))]);
}
