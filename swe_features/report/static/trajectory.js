// Trajectories step by step, and learned contexts beside what they were learned from.

const DIFF_LINES = 600;
const PREVIEW = 140;

function showSteps(entries, texts) {
  const text = (number) => (number === null || number === undefined ? "" : texts[number]);
  const observations = new Map(entries.filter((entry) => entry.kind === "observation" && entry.call).map((entry) => [`${entry.step} ${entry.call}`, entry]));
  const used = new Set();
  const steps = [];
  let current = null;
  for (const entry of entries) {
    if (used.has(entry)) continue;
    const name = entry.step ? `Step ${entry.step}` : "Before the first step";
    if (!current || current.name !== name) {
      current = { name, node: make("div", { class: "step" }, make("h4", {}, name)) };
      steps.push(current.node);
    }
    const answer = entry.kind === "tool_call" ? observations.get(`${entry.step} ${entry.call}`) : null;
    if (answer) used.add(answer);
    current.node.append(...[showEntry(entry, text, answer)].flat().filter(Boolean));
  }
  return steps.length ? steps : [make("p", { class: "soft" }, "No event was recorded.")];
}

function showEntry(entry, text, answer) {
  switch (entry.kind) {
    case "message": return fold(`${entry.label} message`, text(entry.text));
    case "reply": return showReply(entry, text);
    case "tool_call": return showCall(entry, text, answer);
    case "observation": return fold("observation", text(entry.text), entry.failed);
    case "proposal": return make("p", { class: "soft" }, `Answer so far: ${entry.files.join(", ") || "nothing"}`);
    case "notice": return make("p", { class: "soft" }, text(entry.text));
    case "stop": return make("p", {}, make("b", {}, `Ended by: ${entry.label}`));
    default: return fold(entry.kind, text(entry.text));
  }
}

function showReply(entry, text) {
  const [prompt, cached, generated] = entry.tokens ?? [];
  const cost = make("p", { class: "soft" }, entry.tokens ? `Read ${count(prompt)} tokens (${count(cached)} cached), generated ${count(generated)}.` : "Its tokens were not told.");
  return [
    cost,
    entry.reasoning === null || entry.reasoning === undefined ? null : fold("reasoning", text(entry.reasoning)),
    entry.text === null || entry.text === undefined ? null : make("div", { class: "text" }, text(entry.text)),
  ];
}

function showCall(entry, text, answer) {
  const written = text(entry.text);
  const shown = text(answer?.text);
  const summary = [make("code", {}, entry.label), " ", make("span", { class: "soft" }, short(written)),
    answer?.failed ? make("span", { class: "failed" }, " failed") : null];
  const parts = () => [
    make("p", { class: "soft" }, "Called with"), make("pre", { class: "text" }, readable(written)),
    make("p", { class: answer?.failed ? "failed" : "soft" }, answer ? `Came back after ${(answer.seconds ?? 0).toFixed(2)} s` : "Nothing came back."),
    answer ? make("pre", { class: "text" }, shown || "(nothing)") : null,
  ];
  return foldable(summary, parts);
}

// Arguments come as JSON; a text among them is shown as it is, with its lines.
function readable(written) {
  try {
    return Object.entries(JSON.parse(written))
      .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 1)}`).join("\n");
  } catch {
    return written;
  }
}

function fold(name, content, failed = false) {
  return foldable([make("code", { class: failed ? "failed" : null }, name), " ", make("span", { class: "soft" }, short(content))],
    () => make("pre", { class: "text" }, content || "(nothing)"));
}

function short(content) {
  const line = content.replace(/\s+/g, " ").trim();
  return line.length > PREVIEW ? `${line.slice(0, PREVIEW)}…` : line;
}

function showContexts() {
  const served = new Map();
  for (const cell of evidence.cells) {
    for (const key of cell.contexts ?? []) served.set(key, [...(served.get(key) ?? []), cell]);
  }
  const folds = [...served].map(([key, cells]) => contextFold(key, cells)).filter(Boolean);
  byId("context-list").replaceChildren(...[
    report.has_texts || !folds.length ? null : leftOut("What was learned is"),
    ...(folds.length ? folds : [make("p", { class: "soft" }, "No arm of this experiment sleeps.")]),
  ].filter(Boolean));
}

function contextFold(key, cells) {
  if (report.has_texts && !hasPacked("contexts", key)) return null;
  const names = [...new Set(cells.map((cell) => evidence.instances[cell.instance].id))];
  const instance = evidence.instances[cells[0].instance];
  const tokens = cells.find((cell) => cell.sleep)?.sleep[2];
  const related = instance.related.map((name) => `#${evidence.pulls[name].pr_number}`).join(", ");
  const summary = [make("b", {}, names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "")),
    ` · read ${related || "no pull request"} · ${tokens === undefined ? "unknown" : count(tokens)} tokens · serves ${plural(cells.length, "cell")}`];
  if (!report.has_texts) return make("p", { class: "withheld" }, summary);
  return foldable(summary, async () => showContext(await unpack("contexts", key), instance), { class: "cell", id: `context-${key}` });
}

function showContext(context, instance) {
  if (context.problem) return cannotRead(context.problem);
  const pulls = new Map([...instance.related, instance.pull].map((name) => [evidence.pulls[name].pr_number, evidence.pulls[name]]));
  let before = "";
  const revisions = context.revisions.map((revision, place) => {
    const node = make("div", { class: "revision" },
      make("div", {}, make("h4", {}, `Revision ${place + 1}`), readPull(revision.pr_number, pulls),
        make("p", { class: "note" }, `${revision.tokens ? count(revision.tokens[2]) : "An unknown number of"} tokens generated up to here`)),
      make("div", {}, make("pre", { class: "text" }, difference(before, revision.text))));
    before = revision.text;
    return node;
  });
  const last = context.revisions.at(-1)?.text;
  return [
    make("p", { class: "note" }, `${context.repo} at ${context.commit.slice(0, 12)}, by ${context.model}, in ${context.seconds.toFixed(1)} s.`),
    ...revisions,
    last === context.text ? null : foldable("The learned context as it was handed over", () => make("pre", { class: "text" }, context.text)),
    foldable("Trajectory of the sleep phase", () => cannotRead(context.trajectory_problem) ?? showSteps(context.trajectory, context.texts), { class: "cell" }),
  ];
}

function readPull(number, pulls) {
  if (number === null) return make("p", { class: "soft" }, "While no pull request was being read.");
  const pull = pulls.get(number);
  if (!pull) return make("p", {}, `#${number}`);
  return [
    make("p", {}, make("b", {}, `#${number} ${pull.title}`)),
    foldable("Description", () => make("p", { class: "prose" }, pull.body || "(none)")),
    make("ul", { class: "files" }, pull.changed_files.map(([file, status, added, removed]) =>
      make("li", {}, `${file} `, make("span", { class: "soft" }, `${status} +${added ?? "?"} −${removed ?? "?"}`)))),
  ];
}

// Lines of both texts, by the longest common subsequence; long texts are shown as they are.
function difference(before, after) {
  const [old, now] = [before ? before.split("\n") : [], after.split("\n")];
  if (!old.length || old.length > DIFF_LINES || now.length > DIFF_LINES) return after;
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === now[j] ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(`${now[j]}\n`);
      i += 1;
      j += 1;
    } else if (j < now.length && (i === old.length || common[i * width + j + 1] >= common[(i + 1) * width + j])) {
      lines.push(make("span", { class: "added" }, now[j] || " "));
      j += 1;
    } else {
      lines.push(make("span", { class: "removed" }, old[i] || " "));
      i += 1;
    }
  }
  return lines;
}

function openContext(event, key) {
  event.preventDefault();
  const fold = byId(`context-${key}`);
  fold.open = true;
  fold.scrollIntoView();
  fold.querySelector("summary").focus();
}
