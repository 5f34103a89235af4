// What the console's pages do beside htmx: charts drawn from the tables behind them, questions before what hurts, printing.
// Every page works without it, but for the charts. No inline script is needed anywhere, and none is allowed (Content-Security-Policy).
"use strict";

// A figure with data-chart holds a table: first column names, each further column a series (data-series="bar|line", else left out).
// data-chart: "bars" (upright), "rows" (lying, for long names), "lines". data-stack stacks bars; data-percent ends the axis at 100.
// data-tone on a column's heading: "rest" for what is left over, "danger" for what is overdue.
const COLOURS = ["#1d6b45", "#c98a1b", "#3b6ea5", "#b02a37", "#7a5aa6", "#5a8f7b", "#8a6d3b"];
const TONES = { rest: "#8b968f", danger: "#b02a37" };

function drawChart(figure) {
  const table = figure.querySelector("table");
  const place = figure.querySelector(".drawn");
  if (!table || !place || !window.echarts || place.dataset.done) return;
  place.dataset.done = "1";
  const heads = [...table.querySelectorAll("thead th")];
  const rows = [...table.querySelectorAll("tbody tr")];
  const text = (cell) => cell.textContent.trim();
  const names = rows.map((row) => text(row.cells[0]));
  const number = (cell) => { const n = parseFloat(text(cell).replace(/[,%]/g, "")); return Number.isNaN(n) ? null : n; };
  const lying = figure.dataset.chart === "rows";
  const series = heads.map((head, at) => ({ head, at })).filter(({ head }) => head.dataset.series).map(({ head, at }) => ({
    name: text(head), type: head.dataset.series, data: rows.map((row) => number(row.cells[at])),
    stack: figure.dataset.stack !== undefined && head.dataset.series === "bar" ? "all" : undefined,
    barMaxWidth: 28, smooth: false, connectNulls: true, symbolSize: 5,
    itemStyle: { color: TONES[head.dataset.tone] }, lineStyle: { color: TONES[head.dataset.tone] },
  }));
  const value = { type: "value", max: figure.dataset.percent !== undefined ? 100 : undefined, minInterval: figure.dataset.percent === undefined ? 1 : undefined };
  const category = { type: "category", data: names, inverse: lying, axisLabel: { interval: lying ? 0 : "auto", hideOverlap: true } };
  const chart = window.echarts.init(place, null, { renderer: "svg" });
  chart.setOption({
    animation: false, color: COLOURS, textStyle: { fontFamily: getComputedStyle(place).fontFamily },
    tooltip: { trigger: "axis", renderMode: "richText" },
    legend: series.length > 1 ? { top: 0, itemGap: 14 } : undefined,
    grid: { left: 8, right: 16, bottom: 8, top: series.length > 1 ? 32 : 12, containLabel: true },
    xAxis: lying ? value : category, yAxis: lying ? category : value, series,
  });
  place.setAttribute("aria-hidden", "true"); // the table beneath says the same in words
  new ResizeObserver(() => chart.resize()).observe(place);
}

function prepare(root) {
  root.querySelectorAll("[data-chart]").forEach(drawChart);
}

document.addEventListener("DOMContentLoaded", () => prepare(document));
document.addEventListener("htmx:after:swap", () => prepare(document));

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-print], [data-copy], [data-check-all]");
  if (!target) return;
  if (target.dataset.print !== undefined) window.print();
  if (target.dataset.copy !== undefined) navigator.clipboard?.writeText(target.dataset.copy);
  if (target.dataset.checkAll !== undefined) {
    target.closest("form").querySelectorAll(`input[name="${target.dataset.checkAll}"]`).forEach((box) => { box.checked = target.checked; });
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
  // A second click must not do it twice. The button's own name must still be sent, so it is disabled a moment later.
  if (form.method === "post" && form.dataset.again === undefined) {
    setTimeout(() => form.querySelectorAll("button:not([type=button])").forEach((button) => { button.disabled = true; }), 0);
  }
}, true);

// Coming back with the browser's button finds the page as it was left: buttons work again.
window.addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form button[disabled]").forEach((button) => { button.disabled = false; }));
