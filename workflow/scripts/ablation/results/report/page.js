"use strict";
// Everything is put into the page as text, never as HTML: classes and files may be called anything.
const runs = JSON.parse(document.getElementById("data-of-runs").textContent);
const study = document.getElementById("study");
const page = document.getElementById("page");
const title = document.title;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== null && text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// --- tables ---

function sort(table, header) {
  const column = [...header.parentNode.children].indexOf(header);
  const numbers = header.querySelector("button").dataset.form !== "text";
  const was = header.getAttribute("aria-sort");
  const down = was ? was === "ascending" : numbers;
  for (const other of header.parentNode.children) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => {
    const cell = row.children[column];
    if (!numbers) return [cell.textContent.trim(), row];
    return [cell.dataset.v === "" || cell.dataset.v === undefined ? null : Number(cell.dataset.v), row];
  });
  const sign = down ? -1 : 1;
  keyed.sort(([one], [other]) => {
    // What is missing comes last, either way.
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (numbers ? one - other : one.localeCompare(other, undefined, { numeric: true }));
  });
  body.append(...keyed.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(table, button.closest("th"));
  });
}

const filter = document.getElementById("filter");
const rows = [...document.querySelectorAll("#ranked tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  rows.forEach((row, number) => {
    row.hidden = !words.every((word) => texts[number].includes(word));
    left += !row.hidden;
  });
  document.getElementById("count").textContent = `${left} of ${rows.length}`;
});

// --- runs ---

const address = (key) => `#run/${encodeURIComponent(key)}`;
const called = (run) => `${run.experiment}, seed ${run.seed}${run.fold ? `, fold ${run.fold}` : ""}`;
const pick = document.getElementById("pick");
const names = [...new Set(rows.map((row) => row.cells[0].textContent))];
pick.append(...names.map((name) => element("option", name, { value: name })));

function list() {
  const its = Object.entries(runs).filter(([, run]) => run.experiment === pick.value);
  document.getElementById("list").replaceChildren(
    ...its.map(([key, run]) => {
      const item = element("li");
      const last = run.record ? "" : ` (${run.ended})`;
      item.append(element("a", called(run), { href: address(key), dir: "auto" }), last);
      return item;
    }),
  );
}
pick.addEventListener("change", list);
if (names.length) list();

const SVG = "http://www.w3.org/2000/svg";
function svg(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function chart(what, history, train, val, top, best) {
  const [width, height, left, bottom] = [420, 230, 46, 30];
  const x = (epoch) => left + ((width - left - 10) * epoch) / Math.max(history.length - 1, 1);
  const y = (value) => 10 + (height - bottom - 10) * (1 - Math.min(value, top) / top);
  const drawn = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img",
    "aria-label": `${what} by epoch: training ${history.at(-1)[train]} and validation ${history.at(-1)[val]} at the end, ` +
      `validation ${history[best][val]} at the best epoch, ${best + 1}`,
  });
  drawn.append(svg("path", { class: "axis", d: `M${left},10V${height - bottom}H${width - 10}` }));
  drawn.append(svg("path", { class: "best", d: `M${x(best)},10V${height - bottom}` }));
  for (const part of [0, 0.5, 1]) {
    drawn.append(svg("text", { x: left - 6, y: y(part * top) + 4, "text-anchor": "end" }, String(Number((part * top).toPrecision(2)))));
  }
  drawn.append(svg("text", { x: left, y: height - 12 }, "epoch 1"));
  drawn.append(svg("text", { x: width - 10, y: height - 12, "text-anchor": "end" }, `epoch ${history.length}`));
  drawn.append(svg("text", { x: (width + left) / 2, y: height - 12, "text-anchor": "middle" }, what));
  for (const [place, kind] of [[train, "train"], [val, "val"]]) {
    const line = history.map((row, epoch) => `${epoch ? "L" : "M"}${x(epoch).toFixed(1)},${y(row[place]).toFixed(1)}`);
    drawn.append(svg("path", { class: kind, d: line.join("") }));
  }
  return drawn;
}

function table(headings, body) {
  const made = element("table");
  const head = element("tr");
  head.append(...headings.map((one) => element("th", one, { scope: "col" })));
  made.append(element("thead"), element("tbody"));
  made.tHead.append(head);
  for (const row of body) {
    const line = element("tr");
    line.append(...row.map((one) => element("td", one, { dir: "auto" })));
    made.tBodies[0].append(line);
  }
  const around = element("div", null, { class: "scroll", tabindex: "0", role: "region", "aria-label": headings.join(", ") });
  around.append(made);
  return around;
}

function listing(values) {
  const made = element("dl");
  for (const [key, value] of Object.entries(values)) {
    const text = value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "not known");
    made.append(element("dt", key.replaceAll("_", " ")), element("dd", text, { dir: "auto" }));
  }
  return made;
}

function picture(one) {
  const figure = element("figure");
  const button = element("button", null, { type: "button", class: "enlarge", "aria-label": `Enlarge: ${one.title}` });
  button.append(element("img", null, { src: one.source, alt: `${one.title}. ${one.caption}` }));
  figure.append(button, element("figcaption", one.caption));
  return [element("h2", one.title), figure];
}

function show(key) {
  const run = runs[key];
  const back = element("p");
  back.append(element("a", "Back to the study", { href: "#runs" }));
  const made = [back, element("h1", called(run), { dir: "auto" })];
  if (run.reason) made.push(element("p", `It failed: ${run.reason}`, { class: "lead", dir: "auto" }));
  if (run.history.length) {
    const best = run.best;
    const charts = element("div", null, { class: "charts" });
    const most = Math.max(...run.history.map((row) => Math.max(row[0], row[1])), 1e-9);
    charts.append(chart("loss", run.history, 0, 1, most, best), chart("accuracy", run.history, 2, 3, 1, best));
    made.push(element("h2", "Curves"), charts, element("p",
      `Orange: photos that train, with their augmentation. Blue: photos that validate. The dotted line is the best epoch, ` +
      `${best + 1}: loss ${run.history[best][1]}, accuracy ${run.history[best][3]}.`));
  }
  made.push(...run.pictures.flatMap(picture));
  if (run.mistakes.length) {
    made.push(element("h2", "Most confidently wrong"), table(["Photo", "Labelled", "Taken for", "Probability"], run.mistakes));
  }
  if (run.record) made.push(element("h2", "What it took"), listing(run.record));
  if (run.spec) made.push(element("h2", "What it was"), listing(run.spec));
  if (run.log?.length) made.push(element("h2", "The end of its log"), element("pre", run.log.join("\n"), { tabindex: "0" }));
  made.push(element("p", `Its folder: ${run.folder}`, { class: "note" }));
  page.replaceChildren(...made);
  document.title = `${called(run)} – ${title}`;
}

function route() {
  const [, kind, name] = location.hash.match(/^#(run|runs-of)\/(.*)$/) ?? [];
  const key = name === undefined ? "" : decodeURIComponent(name);
  const isRun = kind === "run" && key in runs;
  study.hidden = isRun;
  page.hidden = !isRun;
  document.querySelector("header").hidden = isRun;
  if (isRun) {
    show(key);
    scrollTo(0, 0);
    page.focus();
    return;
  }
  document.title = title;
  if (kind === "runs-of") {
    pick.value = key;
    list();
  }
  // What was hidden when the browser looked for the place.
  document.getElementById(kind === "runs-of" ? "runs" : location.hash.slice(1))?.scrollIntoView();
}
addEventListener("hashchange", route);
if (location.hash) route();

// --- pictures ---

const large = document.getElementById("large");
document.addEventListener("click", (event) => {
  const small = event.target.closest(".enlarge")?.querySelector("img");
  if (!small) return;
  const shown = large.querySelector("img");
  shown.src = small.src;
  shown.alt = small.alt;
  large.showModal();
});
