"use strict";
// The map of folders: the URL fragment names the open one (#/usr/share), so that each folder is a link.
const items = JSON.parse(document.getElementById("tree").textContent);
const root = items[0];
for (const item of items) if (item.c) item.c = [];
for (const item of items) if (item.p !== undefined) items[item.p].c.push(item);
const map = document.getElementById("treemap");
const HUES = [212, 152, 38, 276, 12, 186, 330, 88, 242, 58];
const GAP = 2, LABEL = 19, SMALLEST = 3;

const weight = (item) => item.s + item.d;

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let value = bytes, unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${value.toFixed(unit && value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

function parts() {
  if (!location.hash.startsWith("#/")) return [];
  try { return location.hash.slice(2).split("/").filter(Boolean).map(decodeURIComponent); }
  catch { return []; }
}

function address(names) { return "#/" + names.map(encodeURIComponent).join("/"); }

function folderAt(names) {
  const path = [];
  let folder = root;
  for (const name of names) {
    const next = (folder.c || []).find((item) => item.n === name && item.c);
    if (!next) break;
    path.push(name);
    folder = next;
  }
  return [folder, path];
}

// Squarified treemaps: Bruls, Huizing, van Wijk.
function squarified(items, box) {
  const total = items.reduce((sum, item) => sum + weight(item), 0);
  const placed = [];
  if (!total || box.w < 1 || box.h < 1) return placed;
  const scale = box.w * box.h / total;
  let free = { ...box }, at = 0;
  const worst = (sum, small, large, side) => Math.max(side * side * large / (sum * sum), sum * sum / (side * side * small));
  while (at < items.length) {
    const side = Math.min(free.w, free.h), first = weight(items[at]) * scale;
    let sum = first, end = at + 1;
    while (end < items.length) {
      const area = weight(items[end]) * scale;
      if (!area || worst(sum + area, area, first, side) > worst(sum, weight(items[end - 1]) * scale, first, side)) break;
      sum += area;
      end += 1;
    }
    const thick = sum / side, wide = free.w >= free.h;
    let along = wide ? free.y : free.x;
    for (; at < end; at += 1) {
      const length = weight(items[at]) * scale / thick;
      placed.push([items[at], wide ? { x: free.x, y: along, w: thick, h: length } : { x: along, y: free.y, w: length, h: thick }]);
      along += length;
    }
    free = wide ? { x: free.x + thick, y: free.y, w: free.w - thick, h: free.h }
                : { x: free.x, y: free.y + thick, w: free.w, h: free.h - thick };
    if (free.w < .5 || free.h < .5) break;
  }
  return placed;
}

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function cell(item, box, names, hue, inner, opened) {
  const made = element(item.c ? "a" : "div");
  if (item.c) made.href = address(names);
  if (inner) made.classList.add("inner");
  if (item.r) made.classList.add("rest");
  made.style.cssText = `left:${box.x}px;top:${box.y}px;width:${Math.max(0, box.w - GAP)}px;height:${Math.max(0, box.h - GAP)}px;--hue:${hue}`;
  if (box.w < 14 || box.h < 14) made.style.padding = "0";
  const dead = item.d ? `, ${size(item.d)} of it dead` : "";
  made.title = `${item.r ? item.n : "/" + names.join("/")}\n${size(weight(item))}${dead}, ${item.f.toLocaleString("en")} file${item.f === 1 ? "" : "s"}`;
  if (box.w > 34 && box.h > 15) {
    made.append(element("b", item.n + (item.c ? "/" : "")), " ", element("span", size(weight(item))));
  }
  if (item.d && !opened) {
    const share = element("u");
    share.style.height = `${100 * item.d / weight(item)}%`;
    made.append(share);
  }
  map.append(made);
}

function draw() {
  const [folder, path] = folderAt(parts());
  map.replaceChildren();
  map.dataset.path = "/" + path.join("/");
  const whole = { x: 0, y: 0, w: map.clientWidth + GAP, h: map.clientHeight + GAP };
  squarified(folder.c || [], whole).forEach(([item, box], number) => {
    if (box.w < SMALLEST || box.h < SMALLEST) return;
    const names = item.r ? path : [...path, item.n], hue = HUES[number % HUES.length];
    const opened = Boolean(item.c) && box.w >= 60 && box.h >= 56;
    cell(item, box, names, hue, false, opened);
    if (!opened) return;
    const inside = { x: box.x + 3, y: box.y + LABEL, w: box.w - GAP - 4, h: box.h - GAP - LABEL - 1 };
    for (const [child, area] of squarified(item.c, inside)) {
      if (area.w >= SMALLEST && area.h >= SMALLEST) cell(child, area, child.r ? names : [...names, child.n], hue, true, false);
    }
  });
  crumbs(folder, path);
}

function crumbs(folder, path) {
  const line = document.getElementById("crumbs"), names = ["/", ...path];
  line.replaceChildren();
  names.forEach((name, depth) => {
    if (depth > 1) line.append("/");
    if (depth === names.length - 1) { line.append(element("b", name)); return; }
    const link = element("a", name);
    link.href = address(path.slice(0, depth));
    line.append(link);
  });
  const dead = folder.d ? `, ${size(folder.d)} of it dead` : "";
  line.append(element("span", `${size(weight(folder))} in ${folder.f.toLocaleString("en")} files${dead}`, "total"));
}

const instructions = new Map();
for (const row of document.querySelectorAll("#layers [data-layer]")) {
  instructions.set(row.dataset.layer, row.lastElementChild.textContent);
}

function searchText(row) {
  if (row.searchText === undefined) {
    const layers = [...row.querySelectorAll('[data-title="layer"], [data-title="hid"]')];
    for (const layer of layers) layer.title = instructions.get(layer.textContent) || "";
    row.searchText = [row.textContent, ...layers.map((layer) => layer.title)].join("\n").toLowerCase();
  }
  return row.searchText;
}

function filterDead() {
  const text = document.getElementById("dead-text").value.toLowerCase();
  const reason = document.getElementById("dead-reason").value;
  let count = 0, sum = 0;
  for (const row of document.querySelectorAll("#dead-rows tr")) {
    const fits = (!reason || row.dataset.reason === reason) && searchText(row).includes(text);
    row.hidden = !fits;
    if (fits) { count += 1; sum += Number(row.dataset.size); }
  }
  document.getElementById("dead-sum").textContent = `${count.toLocaleString("en")} file${count === 1 ? "" : "s"}, ${size(sum)}`;
}

if (map) {
  draw();
  addEventListener("hashchange", () => { if (!location.hash || location.hash.startsWith("#/")) draw(); });
  addEventListener("resize", draw);
}
if (document.getElementById("dead-text")) {
  document.getElementById("dead-text").addEventListener("input", filterDead);
  document.getElementById("dead-reason").addEventListener("change", filterDead);
  filterDead();
}
document.getElementById("theme").addEventListener("click", () => {
  const style = document.documentElement.dataset;
  const dark = style.theme ? style.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  style.theme = dark ? "light" : "dark";
});
document.documentElement.dataset.ready = "true";
