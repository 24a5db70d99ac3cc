"use strict";
(function () {
  const EVERY = 15000;
  const STRIKES = 3;
  let known = null;
  let failed = 0;

  function each(group, open) {
    for (const item of document.querySelectorAll('details[data-group="' + CSS.escape(group) + '"]')) item.open = open;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-open], button[data-close]");
    if (button) each(button.dataset.open || button.dataset.close, "open" in button.dataset);
  });

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  window.addEventListener("beforeprint", () => {
    for (const item of document.querySelectorAll("details.gate")) item.open = true;
  });

  function opened() {
    const open = new Set();
    for (const item of document.querySelectorAll("details[id][open]")) open.add(item.id);
    return open;
  }

  async function renewed() {
    const answer = await fetch(location.href, { headers: { "X-Gatehold-Renews": "yes" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = opened();
    for (const part of ["main", "header.top", "footer"]) {
      const before = document.querySelector(part);
      const after = fresh.querySelector(part);
      if (before && after) before.replaceWith(document.adoptNode(after));
    }
    document.title = fresh.title;
    for (const id of open) {
      const item = document.getElementById(id);
      if (item) item.open = true;
    }
    // While the next page is made the one before is served: that it is not the newest has to be noticed.
    return '"' + fresh.body.dataset.version + '"';
  }

  async function look() {
    try {
      const headers = { "X-Gatehold-Renews": "yes" };
      if (known) headers["If-None-Match"] = known;
      const answer = await fetch("/version", { headers, redirect: "error", cache: "no-store" });
      if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
      const tag = answer.headers.get("ETag") || known;
      if (tag !== known) {
        const first = known === null && tag === '"' + document.body.dataset.version + '"';
        const writing = document.activeElement && document.activeElement.closest("main form");
        if (writing) return;
        known = first ? tag : await renewed();
      }
      failed = 0;
    } catch (error) {
      failed += 1;
    }
    const stale = document.getElementById("stale");
    if (stale) stale.hidden = failed < STRIKES;
  }

  if (document.body.dataset.version) {
    window.setInterval(look, EVERY);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  }
})();
