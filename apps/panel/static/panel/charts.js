// Draws the charts of a page out of the JSON beside each canvas, in the colours of the style sheet, light or dark.
(() => {
  const locale = document.documentElement.lang;
  const drawn = new Map();
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  /** A custom property as a colour that a canvas understands. */
  function colour(name) {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  }

  function dataset(series, kind) {
    const tint = colour(series.colour);
    const common = { label: series.name, data: series.values, borderColor: tint, backgroundColor: tint };
    if (kind !== "lines") return { ...common, borderRadius: 3, maxBarThickness: 26 };
    const line = { ...common, borderWidth: 2, tension: 0.2, spanGaps: true, pointRadius: series.values.length > 20 ? 0 : 3 };
    if (series.dashed) line.borderDash = [6, 4];
    return series.band ? { ...line, borderWidth: 0, pointRadius: 0, fill: "+1" } : line;
  }

  function options(told) {
    const [ink, rule, across, stacked] = [colour("--ink-soft"), colour("--line"), told.kind === "across", told.kind === "stacked"];
    const format = (n) => n.toLocaleString(locale, { maximumFractionDigits: told.decimals, minimumFractionDigits: 0 });
    const value = (n) => `${format(n)}${told.unit ? " " + told.unit : ""}`;
    const names = { stacked, grid: { display: false }, border: { color: rule }, ticks: { color: ink, maxRotation: 60, autoSkip: !across } };
    const figures = { stacked, beginAtZero: true, border: { display: false }, grid: { color: rule }, ticks: { color: ink, callback: value, maxTicksLimit: 7 } };
    if (told.unit === "%" && across) figures.max = 100;
    return {
      animation: false, responsive: true, maintainAspectRatio: false, indexAxis: across ? "y" : "x",
      interaction: { mode: "index", axis: across ? "y" : "x", intersect: false },
      scales: across ? { x: figures, y: names } : { x: names, y: figures },
      plugins: {
        legend: { display: told.series.length > 1, position: "bottom", labels: { color: ink, boxWidth: 12, boxHeight: 12 } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${value(item.parsed[across ? "x" : "y"] ?? 0)}` } },
      },
    };
  }

  function draw(canvas) {
    const told = JSON.parse(canvas.nextElementSibling.textContent);
    drawn.get(canvas)?.destroy();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    drawn.set(canvas, new Chart(canvas, {
      type: told.kind === "lines" ? "line" : "bar",
      data: { labels: told.labels, datasets: told.series.map((series) => dataset(series, told.kind)) },
      options: options(told),
    }));
  }

  function drawNew() {
    for (const [canvas, chart] of drawn) if (!canvas.isConnected) { chart.destroy(); drawn.delete(canvas); }
    for (const canvas of document.querySelectorAll(".plot canvas")) if (!drawn.has(canvas)) draw(canvas);
  }

  const again = () => { for (const canvas of drawn.keys()) draw(canvas); };
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.body.addEventListener("htmx:afterSettle", drawNew);
  drawNew();
})();
