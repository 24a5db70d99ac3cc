"use strict";
(function () {
  const seen = new WeakSet();
  let plotly = null;

  function loadPlotly() {
    if (plotly === null) {
      const source = document.getElementById("plotly-source");
      const script = document.createElement("script");
      script.textContent = source ? source.textContent : "";
      document.head.appendChild(script);
      plotly = window.Plotly || false;
    }
    return plotly;
  }

  function coloured(part, style) {
    if (typeof part === "string") {
      const name = /^var\((--[a-z-]+)\)$/.exec(part);
      return name ? style.getPropertyValue(name[1]).trim() : part;
    }
    if (Array.isArray(part)) return part.map((inner) => coloured(inner, style));
    if (part && typeof part === "object") {
      return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, coloured(inner, style)]));
    }
    return part;
  }

  function draw(box) {
    const data = document.getElementById(box.dataset.figure);
    const library = loadPlotly();
    if (!data || !library) return;
    const figure = coloured(JSON.parse(data.textContent), getComputedStyle(document.documentElement));
    const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
    library.react(box, figure.data, figure.layout, options);
    seen.add(box);
  }

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && !seen.has(entry.target)) draw(entry.target);
    }
  }, { rootMargin: "200px" });
  const boxes = Array.from(document.querySelectorAll(".chart"));
  for (const box of boxes) near.observe(box);

  function redraw() {
    for (const box of boxes) if (seen.has(box)) draw(box);
  }
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  function each(group, open) {
    for (const item of document.querySelectorAll('details[data-group="' + group + '"]')) item.open = open;
  }
  for (const button of document.querySelectorAll("button[data-open]")) {
    button.addEventListener("click", () => each(button.dataset.open, true));
  }
  for (const button of document.querySelectorAll("button[data-close]")) {
    button.addEventListener("click", () => each(button.dataset.close, false));
  }

  function reveal() {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  window.addEventListener("beforeprint", () => {
    for (const item of document.querySelectorAll("details.gate")) item.open = true;
    for (const box of boxes) if (!seen.has(box)) draw(box);
  });

  if (document.body.dataset.live === "yes") {
    for (const hero of document.querySelectorAll("[data-valid-until]")) {
      const until = Date.parse(hero.dataset.validUntil);
      if (until > Date.now()) continue;
      for (const part of hero.querySelectorAll(".when-lapsed")) part.hidden = false;
      if (hero.classList.contains("good")) {
        hero.classList.replace("good", "wait");
        for (const part of hero.querySelectorAll(".now")) part.hidden = true;
      }
    }
  }
})();
