// Draws each chart from the table below it: the page is whole without this file.
"use strict";

const KNOWN = { delivered: 0, empty: 1, personal: 0, group: 1, channel: 2 };
const TONES = { failed: "--bad", unknown: "--bad", waiting: "--warn", others: "--faint" };
const WRITE = {
  usd: (value) => "$" + value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: value && Math.abs(value) < 0.1 ? 4 : 2 }),
  ms: (value) => (value < 10000 ? value.toLocaleString("en-US") + " ms" : (value / 1000).toLocaleString("en-US") + " s"),
  percent: (value) => value.toLocaleString("en-US", { maximumFractionDigits: 1 }) + " %",
};
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const drawn = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function read(table) {
  const rows = [...table.tBodies[0].rows];
  const titles = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const number = (text) => (text === "" ? null : Number(text));
  return {
    labels: rows.map((row) => row.cells[0].dataset.label),
    series: titles.map((title, at) => ({ title, values: rows.map((row) => number(row.cells[at + 1].dataset.value)) })),
  };
}

function dataset(series, at, look, many) {
  const palette = colour("--series").split(",").map((one) => one.trim());
  const tone = TONES[series.title];
  const main = tone ? colour(tone) : palette[(KNOWN[series.title] ?? at) % palette.length];
  const bars = { backgroundColor: main, borderRadius: 3, maxBarThickness: 26, categoryPercentage: 0.82, barPercentage: 0.92 };
  const lines = {
    borderColor: main, backgroundColor: main, borderWidth: 2, pointRadius: many ? 0 : 2.5, pointHoverRadius: 4, cubicInterpolationMode: "monotone", spanGaps: true,
  };
  return { label: series.title, data: series.values, ...(look === "lines" ? lines : bars) };
}

function draw(figure) {
  const { look, unit } = figure.dataset;
  const table = figure.parentElement.querySelector("table");
  const data = read(table);
  const write = WRITE[unit] ?? ((value) => value.toLocaleString("en-US"));
  const tick = (value) => (unit === "count" ? COMPACT.format(value) : write(value));
  const soft = colour("--faint");
  const sideways = look === "bars";
  const amounts = {
    beginAtZero: true, stacked: look === "stack", border: { display: false }, grid: { color: colour("--line"), tickLength: 0 },
    ticks: { color: soft, padding: 8, maxTicksLimit: 5, callback: tick, precision: unit === "count" ? 0 : undefined },
  };
  const names = {
    stacked: look === "stack", border: { color: colour("--line") }, grid: { display: false },
    ticks: { color: soft, maxRotation: 0, autoSkipPadding: 18 },
  };
  return new Chart(figure.querySelector("canvas"), {
    type: look === "lines" ? "line" : "bar",
    data: { labels: data.labels, datasets: data.series.map((one, at) => dataset(one, at, look, data.labels.length > 40)) },
    options: {
      indexAxis: sideways ? "y" : "x", responsive: true, maintainAspectRatio: false, animation: false,
      font: { family: getComputedStyle(document.body).fontFamily },
      interaction: { mode: "index", intersect: false, axis: sideways ? "y" : "x" },
      scales: sideways ? { x: amounts, y: names } : { x: names, y: amounts },
      plugins: {
        legend: {
          display: data.series.length > 1, align: "start", position: "bottom",
          labels: { color: colour("--soft"), usePointStyle: true, pointStyle: "circle", boxWidth: 7, boxHeight: 7, padding: 14 },
        },
        tooltip: {
          backgroundColor: colour("--text"), titleColor: colour("--card"), bodyColor: colour("--card"), padding: 10, cornerRadius: 8,
          boxPadding: 4, usePointStyle: true, filter: (item) => item.parsed[sideways ? "x" : "y"],
          callbacks: { label: (item) => ` ${item.dataset.label}: ${write(item.parsed[sideways ? "x" : "y"])}` },
        },
      },
    },
  });
}

function drawAll() {
  while (drawn.length) drawn.pop().destroy();
  for (const figure of document.querySelectorAll(".chart")) drawn.push(draw(figure));
  document.documentElement.dataset.drawn = String(drawn.length);
}

Chart.defaults.font.family = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
Chart.defaults.font.size = 12;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
drawAll();
