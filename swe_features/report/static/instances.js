// The table of instances: sorted, filtered, and each opened to its cells.

const CHOICES = [
  ["", "all instances"],
  ["better", "sleep-time better than test-time"],
  ["worse", "sleep-time worse than test-time"],
  ["broken", "with a broken cell"],
  ["missing", "with a missing cell"],
  ["suspicious", "with a suspicious rollout"],
  ["zero", "nobody found a file"],
];
const EXACT = 1e-9;

function chosenCells(instance) {
  const shown = new Set(shownArms());
  const budget = state.budget;
  return cellsByInstance[instance].filter(
    (cell) => shown.has(cell.arm) && (!budget || cell.budget === null || String(cell.budget) === budget));
}

// One cell by the chosen measure. At k: of the k files that it named first.
function measured(cell, gold) {
  const [kind, k] = state.measure.split("@");
  if (kind === "exact") return Number(cell.f1 > 1 - EXACT);
  if (!k) return cell[kind];
  const hits = gold.filter((file) => cell.predicted.slice(0, Number(k)).includes(file)).length;
  return kind === "hit" ? Number(hits > 0) : hits / gold.length;
}

// The mean over cells by the chosen denominator; null where none counts.
function meanScore(cells, gold) {
  const values = [];
  for (const cell of cells) {
    if (state.cells === "clean" && overview.suspects[cell.id]) continue;
    if (cell.outcome === "scored") values.push(measured(cell, gold));
    else if (cell.outcome === "broken" && state.cells !== "valid") values.push(0);
  }
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

function summarise(place) {
  const instance = evidence.instances[place];
  const cells = chosenCells(place);
  const byArm = new Map(overview.arms.map((arm) => [arm, meanScore(cells.filter((cell) => cell.arm === arm), instance.gold)]));
  const [sleeping, testing] = [byArm.get("sleep-time"), byArm.get("test-time")];
  const isKnown = sleeping !== null && testing !== null && sleeping !== undefined && testing !== undefined;
  return { place, instance, cells, byArm, gain: isKnown ? sleeping - testing : null };
}

function fits({ instance, cells, gain }) {
  const pull = evidence.pulls[instance.pull];
  if (state.cluster && (instance.cluster ?? "") !== state.cluster) return false;
  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [instance.id, pull.title ?? "", instance.cluster, ...instance.gold].join(" ").toLowerCase();
  if (!words.every((word) => text.includes(word))) return false;
  switch (state.only) {
    case "better": return gain !== null && gain > EXACT;
    case "worse": return gain !== null && gain < -EXACT;
    case "broken": return cells.some((cell) => cell.outcome === "broken");
    case "missing": return cells.some((cell) => cell.outcome === "missing");
    case "suspicious": return cells.some((cell) => overview.suspects[cell.id]);
    case "zero": return cells.filter((cell) => cell.arm !== "oracle").every((cell) => !cell.f1);
    default: return true;
  }
}

function columns() {
  return [
    { key: "id", name: "Instance", value: (row) => row.instance.id },
    { key: "cluster", name: "Cluster", kind: "wide", value: (row) => row.instance.cluster ?? "" },
    { key: "gold", name: "Gold files", kind: "number wide", value: (row) => row.instance.gold.length },
    { key: "related", name: "Related", kind: "number wide", value: (row) => row.instance.related.length },
    ...shownArms().map((arm) => ({ key: `arm ${arm}`, name: arm, kind: "number", heat: true, value: (row) => row.byArm.get(arm) })),
    { key: "gain", name: "Gain", kind: "number", isSigned: true, title: "sleep-time minus test-time", value: (row) => row.gain },
  ];
}

const order = new Intl.Collator("en", { numeric: true });

function sorted(rows, column) {
  const sign = state.turned ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (typeof left === "number" ? left - right : order.compare(left, right));
  });
}

function showInstances() {
  const all = evidence.instances.map((_, place) => summarise(place));
  const rows = all.filter(fits);
  const shown = columns();
  const column = shown.find((each) => each.key === state.sort);
  const body = make("tbody", {}, (column ? sorted(rows, column) : rows).flatMap((row) => instanceRows(row, shown)));
  byId("instance-table").replaceChildren(make("table", {}, heading(shown), body));
  byId("instance-count").textContent =
    `${rows.length} of ${plural(all.length, "instance")}; ${measureName()} is the mean over the cells chosen above.`;
}

function heading(shown) {
  return make("thead", {}, make("tr", {}, shown.map((column) => {
    const isSorted = column.key === state.sort;
    const direction = isSorted ? (state.turned ? "descending" : "ascending") : null;
    const button = make("button", { type: "button", title: column.title, click: () => sortBy(column) }, column.name);
    return make("th", { scope: "col", class: column.kind, "aria-sort": direction, "data-key": column.key }, button);
  })));
}

// Numbers begin with the largest; a third click goes back to the suite's own order.
function sortBy(column) {
  const first = column.kind?.startsWith("number") ? "1" : "";
  const focus = column.key;
  if (state.sort !== column.key) {
    state.turned = first;
    change("sort", column.key);
  } else if (state.turned === first) change("turned", first ? "" : "1");
  else {
    state.turned = "";
    change("sort", "");
  }
  byId("instance-table").querySelector(`th[data-key="${CSS.escape(focus)}"] button`)?.focus();
}

function instanceRows(row, shown) {
  const { instance } = row;
  const isOpen = state.open === instance.id;
  const line = make("tr", { class: isOpen ? "instance open" : "instance", "data-id": instance.id },
    shown.map((column, place) => {
      if (place === 0) return make("td", {}, opener(instance, isOpen));
      const value = column.value(row);
      if (column.heat) return heatCell(value);
      if (column.isSigned) return make("td", { class: "number" }, signed(value));
      return make("td", { class: column.kind }, value);
    }));
  if (!isOpen) return [line];
  const detail = make("td", { colspan: shown.length }, make("div", { class: "detail-body" }, instanceDetail(row)));
  return [line, make("tr", { class: "detail" }, detail)];
}

function opener(instance, isOpen) {
  const toggle = () => {
    change("open", isOpen ? "" : instance.id);
    byId("instance-table").querySelector(`tr[data-id="${CSS.escape(instance.id)}"] button`)?.focus();
  };
  return make("button", { type: "button", "aria-expanded": String(isOpen), click: toggle },
    make("span", { class: "title" }, titleOf(evidence.pulls[instance.pull])), make("span", { class: "soft" }, instance.id));
}

function titleOf(pull) {
  return pull.title ?? `Pull request ${pull.pr_number}`;
}

function numberAndTitle(pull) {
  return `#${pull.pr_number} ${pull.title ?? ""}`.trim();
}

function heatCell(value) {
  const cell = make("td", { class: "number" }, make("span", { class: "heat" }, score(value, 2)));
  if (value !== null) cell.style.background = `rgba(var(--shade), ${(0.32 * value).toFixed(3)})`;
  return cell;
}

function showFilters() {
  const find = make("input", { type: "search", value: state.find, placeholder: `${report.has_texts ? "Title, id" : "Id"}, cluster or file`, "aria-label": "Find instances" });
  find.addEventListener("input", () => change("find", find.value));
  const clusters = [...new Set(evidence.instances.map((instance) => instance.cluster).filter(Boolean))].sort();
  byId("filters").replaceChildren(...[
    find,
    clusters.length ? chooser("Cluster", [["", "all"], ...clusters.map((name) => [name, name])], state.cluster, (value) => change("cluster", value)) : null,
    chooser("Show", CHOICES, state.only, (value) => change("only", value)),
    chooser("Budget", [["", "mean of all"], ...overview.budgets.map((budget) => [String(budget), budgetName(budget)])],
      state.budget, (value) => change("budget", value)),
    make("button", { type: "button", click: clearFilters }, "Clear"),
  ].filter(Boolean));
}

function clearFilters() {
  for (const name of ["find", "cluster", "only", "budget"]) change(name, defaults[name]);
  showFilters();
}

function instanceDetail({ instance, cells }) {
  const pull = evidence.pulls[instance.pull];
  const groups = overview.arms.map((arm) => [arm, cells.filter((cell) => cell.arm === arm)]).filter(([, own]) => own.length);
  return [
    make("div", { class: "sides" },
      make("div", {}, make("h3", {}, numberAndTitle(pull)),
        report.has_texts ? make("p", { class: "prose" }, pull.body || "(no description)") : leftOut("Title and description are")),
      make("div", {},
        make("h3", {}, `Gold files (${instance.gold.length})`),
        make("p", { class: "note" }, "How many of the shown attempts found each."),
        goldTally(instance, cells),
        make("p", { class: "note" }, `Base ${instance.base.slice(0, 12)}. `,
          instance.related.length ? `Related: ${instance.related.map((name) => `#${evidence.pulls[name].pr_number}`).join(", ")}.` : "No related pull request."))),
    ...groups.map(([arm, own]) => make("div", {}, make("h3", {}, named(arm)), own.map((cell) => cellFold(cell, instance)))),
  ];
}

function goldTally(instance, cells) {
  const scored = cells.filter((cell) => cell.outcome === "scored" && cell.arm !== "oracle");
  return make("ul", { class: "files" }, instance.gold.map((file) => {
    const hits = scored.filter((cell) => cell.predicted.includes(file)).length;
    return make("li", { class: hits ? "hit" : "missed" }, `${file}  ${hits}/${scored.length}`);
  }));
}

function cellFold(cell, instance) {
  const name = `${budgetName(cell.budget)}, seed ${cell.seed}: `;
  if (cell.outcome === "missing") return make("p", { class: "soft" }, name, "not attempted yet");
  if (cell.outcome === "broken") {
    return foldable([name, make("b", { class: "failed" }, `broken at the ${cell.broken.boundary}`)],
      () => [...breakage(cell.broken), ...evidenceOf(cell, instance)],
      { class: "cell", "data-cell": cell.id });
  }
  const tokens = `, ${cell.test ? count(cell.test[2]) : "unknown"} tokens`;
  const summary = [name, make("b", {}, `F1 ${score(cell.f1, 2)}`),
    ` · precision ${score(cell.precision, 2)}, recall ${score(cell.recall, 2)} · ${plural(cell.steps, "step")}${tokens}`];
  return foldable(summary, () => [sideBySide(cell, instance), ...evidenceOf(cell, instance)], { class: "cell", "data-cell": cell.id });
}

function breakage({ message, traceback, phase }) {
  if (!report.has_texts) return [make("p", {}, `In the ${phase} phase.`), leftOut("Message and traceback are")];
  return [make("p", {}, message), make("pre", { class: "text" }, traceback)];
}

function sideBySide(cell, instance) {
  const gold = new Set(instance.gold);
  const predicted = new Set(cell.predicted);
  const list = (files, kind) => make("ul", { class: "files" }, files.map((file) => {
    const [name, mark] = kind(file);
    return make("li", { class: name }, `${mark} ${file}`);
  }));
  return make("div", { class: "sides" },
    make("div", {}, make("h4", {}, `Predicted (${cell.predicted.length})`),
      list(cell.predicted, (file) => (gold.has(file) ? ["hit", "✓"] : ["wrong", "✗"])),
      cell.predicted.length ? null : make("p", { class: "soft" }, "Nothing was predicted.")),
    make("div", {}, make("h4", {}, `Gold (${instance.gold.length})`),
      list(instance.gold, (file) => (predicted.has(file) ? ["hit", "✓"] : ["missed", "○ missed:"]))));
}

function evidenceOf(cell, instance) {
  const facts = [
    cell.stop ? `Ended by: ${cell.stop}.` : null,
    `${cell.seconds.toFixed(1)} s.`,
    cell.test ? `Prompt ${count(cell.test[0])} (${count(cell.test[1])} cached), generated ${count(cell.test[2])}, of these reasoning ${count(cell.test[3])}.` : cell.outcome === "scored" ? "Its tokens were not told." : null,
    cell.attempt > 1 ? `Attempt ${cell.attempt}.` : null,
    cell.proof ? `Sealed at ${cell.proof.slice(0, 12)} (${cell.driver}).` : null,
  ].filter(Boolean).join(" ");
  const parts = [make("p", { class: "note" }, facts)];
  for (const { kind, why, command } of overview.suspects[cell.id] ?? []) {
    if (report.has_texts) parts.push(make("p", { class: "failed" }, `Looked for the ${kind}: ${why}`), make("pre", { class: "text" }, command));
    else parts.push(make("p", { class: "failed" }, `Looked for the ${kind}.`), leftOut("The command is"));
  }
  if (!report.has_texts) {
    if (cell.contexts.length) parts.push(leftOut("The learned context it was given is"));
    if (cell.has_trajectory) parts.push(leftOut("The trajectory is"));
  }
  for (const key of cell.contexts.filter((each) => hasPacked("contexts", each))) {
    parts.push(make("p", {}, make("a", { href: `#context-${key}`, click: (event) => openContext(event, key) }, "The learned context it was given")));
  }
  if (cell.has_trajectory && hasPacked("trajectories", instance.id)) {
    parts.push(foldable("Trajectory", async () => {
      const { texts, trajectories, problems } = await unpack("trajectories", instance.id);
      return cannotRead(problems[cell.id]) ?? showSteps(trajectories[cell.id] ?? [], texts);
    }, { class: "cell" }));
  }
  return parts;
}
