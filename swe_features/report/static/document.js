"use strict";
// Builds the page. What others wrote only ever becomes text nodes and attributes.

const report = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
// Control characters and marks that turn the direction of text could disguise a name.
const DISGUISES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

function plain(text) {
  return String(text).replace(DISGUISES, (mark) => `[U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : plain(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined) continue;
    node.append(child instanceof Node ? child : plain(child));
  }
  return node;
}

function make(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

const UNKNOWN = "–";

function score(value, digits = 3) {
  return value === null || value === undefined ? UNKNOWN : value.toFixed(digits);
}

function signed(value) {
  if (value === null || value === undefined) return UNKNOWN;
  const text = Math.abs(value).toFixed(3);
  return Number(text) === 0 ? text : (value > 0 ? "+" : "-") + text;
}

function count(value) {
  return value === null || value === undefined ? UNKNOWN : Math.round(value).toLocaleString("en");
}

function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

// Where only the upper end is unknown it is infinite: some resamples never get there.
function range(estimate, format) {
  if (!estimate || estimate.low === null) return null;
  const high = estimate.high === null ? "∞" : format(estimate.high);
  const bca = estimate.bca_low === null ? null : `BCa interval: ${format(estimate.bca_low)} to ${format(estimate.bca_high)}`;
  return make("span", { class: "range", title: bca }, ` ${format(estimate.low)} to ${high}`);
}

function chooser(label, options, value, change) {
  const select = make("select", { "aria-label": label, change: () => change(select.value) },
    options.map(([key, text]) => make("option", { value: key, selected: key === value }, text)));
  return make("label", {}, label, select);
}

function table(headings, rows) {
  return make("table", {},
    make("thead", {}, make("tr", {}, headings.map(([text, kind]) => make("th", { class: kind, scope: "col" }, text)))),
    make("tbody", {}, rows));
}

// Large texts wait in the page as gzip, and are unpacked when somebody looks at them. A
// live page does not carry them: its server hands them out.
const unpacked = new Map();
const packedBlocks = new Map(Array.from(document.querySelectorAll("script[data-kind]"),
  (block) => [`${block.dataset.kind} ${block.dataset.name}`, block]));

// A report that is shared may leave out what people and models wrote; it says where.
function leftOut(what) {
  return make("p", { class: "soft left-out" }, `${what} left out of this report, which was written without texts.`);
}

function cannotRead(problem) {
  return problem ? make("p", { class: "failed" }, `Left out: ${problem}.`) : null;
}

function hasPacked(kind, name) {
  return report.live || packedBlocks.has(`${kind} ${name}`);
}

function unpack(kind, name) {
  const key = `${kind} ${name}`;
  if (!unpacked.has(key)) unpacked.set(key, findPacked(kind, name).then(inflate));
  return unpacked.get(key);
}

async function findPacked(kind, name) {
  if (!report.live) return packedBlocks.get(`${kind} ${name}`).textContent;
  const answer = await fetch(`packed/${kind}/${encodeURIComponent(name)}`);
  if (!answer.ok) throw new Error(`the server says ${answer.status}`);
  return answer.text();
}

async function inflate(packed) {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Fills a folded part when it is opened for the first time.
function foldable(summary, build, attributes = {}) {
  const inside = make("div", { class: "inside" });
  const fold = make("details", attributes, make("summary", {}, summary), inside);
  fold.addEventListener("toggle", async () => {
    if (!fold.open || inside.childNodes.length) return;
    inside.append(make("p", { class: "soft" }, "Unpacking…"));
    try {
      const content = await build();
      inside.replaceChildren(...[content].flat().filter(Boolean));
    } catch (error) {
      inside.replaceChildren(make("p", { class: "failed" }, `This could not be shown: ${error.message}`));
    }
  });
  return fold;
}
