// What is shown. The address of the page holds it, so a link, or a reload, shows the same.

const { overview, analyses, evidence, provenance } = report;

const FIXED_COLOURS = { "sleep-time": 0, "test-time": 1, "no-context": 2, bm25: 3, oracle: 4 };
const COLOURS = 8;
const MEASURES = [["f1", "F1"], ["precision", "Precision"], ["recall", "Recall"], ["exact", "Exact match"],
  ...[1, 3, 5, 10].flatMap((k) => [[`recall@${k}`, `Recall at ${k}`], [`hit@${k}`, `Hit at ${k}`]])];
const DENOMINATORS = [["all", "all cells (broken count as 0)"], ["valid", "valid cells only"]];
if (overview.has_clean) DENOMINATORS.push(["clean", "clean rollouts only"]);

const defaults = {
  off: "", measure: "f1", cells: "all", scale: "linear", budget: "", find: "", cluster: "", only: "",
  sort: "", turned: "", open: "", sleeper: "", basis: "equal budget", prices: "", at: "", theme: "",
};
const state = { ...defaults };

function readState() {
  const given = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  for (const name of Object.keys(defaults)) state[name] = given.get(name) ?? defaults[name];
  // A link may be of another version, or cut short.
  for (const [name, known] of [["measure", MEASURES], ["cells", DENOMINATORS]]) {
    if (!known.some(([key]) => key === state[name])) state[name] = defaults[name];
  }
}

const listeners = [];

function onChange(names, update) {
  listeners.push([names.split(" "), update]);
}

function change(name, value) {
  if (state[name] === value) return;
  state[name] = value;
  const changed = Object.entries(state).filter(([key, text]) => text !== defaults[key]);
  const hash = new URLSearchParams(changed).toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  for (const [names, update] of listeners) if (names.includes(name)) update();
}

function hiddenArms() {
  return new Set(state.off.split(",").filter(Boolean));
}

function shownArms() {
  const hidden = hiddenArms();
  return overview.arms.filter((arm) => !hidden.has(arm));
}

const colourNumbers = new Map();
for (const arm of overview.arms) {
  const taken = new Set(colourNumbers.values());
  let number = FIXED_COLOURS[arm] ?? 5;
  while (taken.has(number) && taken.size < COLOURS) number = (number + 1) % COLOURS;
  colourNumbers.set(arm, number);
}

function colour(arm) {
  return `var(--arm-${colourNumbers.get(arm)})`;
}

// Style attributes are refused by the page's own policy; setting a property is not.
function swatch(arm) {
  const node = make("span", { class: "swatch", "aria-hidden": "true" });
  node.style.background = colour(arm);
  return node;
}

function named(arm) {
  return make("span", { class: "named" }, swatch(arm), arm);
}

function budgetName(budget) {
  return budget === null ? "no steps" : `${budget} steps`;
}

const cellsByInstance = evidence.instances.map(() => []);
for (const cell of evidence.cells) cellsByInstance[cell.instance].push(cell);

readState();
