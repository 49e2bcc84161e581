// Puts everything on the page, and keeps it right when something changes.

const THEMES = ["light", "dark"];
const RESIZE_MS = 150;
const POLL_MS = 3000;

function systemTheme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function showTheme() {
  const theme = THEMES.includes(state.theme) ? state.theme : systemTheme();
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
}

function turnTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  change("theme", next === systemTheme() ? "" : next);
}

function modelName(model) {
  return model === "offline" ? "offline (no language model)" : model;
}

function showHead() {
  const { manifest, written_at: writtenAt } = provenance;
  const runs = manifest.runs ?? [];
  const config = runs.at(-1)?.config ?? {};
  const models = [...new Set(evidence.cells.map((cell) => cell.model).filter(Boolean))];
  const parts = [`Suite ${manifest.suite?.name ?? "?"}`, plural(evidence.instances.length, "instance"),
    models.length ? `${models.length > 1 ? "models" : "model"} ${models.map(modelName).join(", ")}` : null, config.sleep_model ? `sleep model ${modelName(config.sleep_model)}` : null,
    config.mode ? `${config.mode} mode` : null, `written ${writtenAt.slice(0, 16).replace("T", " ")} UTC`];
  byId("lead").textContent = plain(parts.filter(Boolean).join(" · "));
  const { planned, scored, broken } = overview.counts;
  const missing = planned - scored - broken;
  const suspicious = Object.keys(overview.suspects).length;
  byId("badges").replaceChildren(...[
    make("li", {}, `${count(scored)} of ${plural(planned, "cell")} scored`),
    make("li", { class: broken ? "bad" : null }, `${count(broken)} broken`),
    suspicious ? make("li", { class: "bad" }, `${count(suspicious)} suspicious`) : null,
    missing ? make("li", { class: "bad" }, `${count(missing)} missing`) : null,
    report.live ? make("li", { id: "live" }, "live") : null,
    report.has_texts ? null : make("li", { title: "Titles, descriptions, learned contexts, trajectories, messages and paths are left out. Every number is that of the whole report." }, "without texts"),
  ].filter(Boolean));
  const doubts = byId("doubts");
  doubts.hidden = !overview.doubts.length;
  doubts.replaceChildren(make("summary", {}, `Before you believe it (${overview.doubts.length})`),
    make("ul", {}, overview.doubts.map((doubt) => make("li", {}, doubt))));
}

function pairs(record) {
  return make("dl", { class: "pairs" }, Object.entries(record).flatMap(([name, value]) => [
    make("dt", {}, name), make("dd", {}, value !== null && typeof value === "object" ? JSON.stringify(value) : String(value)),
  ]));
}

function showProvenance() {
  const { manifest, version } = provenance;
  const suite = { ...manifest.suite, skipped: (manifest.suite?.skipped ?? []).join("; ") || "none" };
  byId("provenance-body").replaceChildren(
    make("h3", {}, "Suite"), pairs(suite),
    ...Object.entries(manifest.drivers ?? {}).flatMap(([name, driver]) => [make("h3", {}, `Sandbox: ${name}`), pairs(driver)]),
    ...(manifest.runs ?? []).map((run, place) => foldable(`Run ${place + 1}, ${run.started_at}: ${plural(run.attempted, "cell")} attempted`, () => [
      run.offline_note ? make("p", {}, run.offline_note) : null,
      make("h4", {}, "Settings"), pairs(run.config ?? {}),
      make("h4", {}, "Environment"), pairs(run.environment ?? {}),
    ], { class: "cell" })),
    make("p", { class: "note" }, `Written by swe-features ${version}. Every number comes from results.jsonl, which lies beside this report; dollars from a table of prices as of ${report.costs.as_of}.`));
}

// A page served while a run goes on asks its own server for news, and loads itself anew.
async function watch(stamp) {
  let latest = stamp;
  try {
    latest = await (await fetch("stamp", { cache: "no-store" })).text();
    byId("live").textContent = "live";
    byId("live").dataset.stamp = latest;
  } catch {
    byId("live").textContent = "not live: the server has gone";
  }
  const isReading = document.querySelector("details.cell[open]") !== null;
  if (stamp !== null && latest !== stamp) {
    if (!isReading) return location.reload();
    byId("live").textContent = "newer results: reload";
  }
  return setTimeout(watch, POLL_MS, stamp ?? latest);
}

function start() {
  showTheme();
  showHead();
  showSwitches();
  showPareto();
  showComparisons();
  showAmortisationOptions();
  showAmortisation();
  showFurther();
  showFilters();
  showInstances();
  showContexts();
  showProvenance();
  document.documentElement.dataset.ready = "yes";
}

// The address holds the state, so going to a part of the page must not replace it.
function goTo(event) {
  const part = document.querySelector(event.currentTarget.getAttribute("href"));
  event.preventDefault();
  part.scrollIntoView();
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
}

for (const link of document.querySelectorAll("nav a, .skip")) link.addEventListener("click", goTo);
addEventListener("hashchange", () => {
  readState();
  start();
});
byId("theme").addEventListener("click", turnTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
onChange("theme", showTheme);
onChange("off measure cells scale", showPareto);
onChange("cells", showComparisons);
onChange("sleeper basis prices at", showAmortisation);
onChange("sleeper", showAmortisationOptions);
onChange("sleeper", showFurther);
onChange("off measure cells find cluster only budget sort turned open", showInstances);
let resizing = null;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    showPareto();
    showAmortisation();
    showPasses();
  }, RESIZE_MS);
});
start();
if (report.live) watch(null);
