"use strict";
(function () {
  const NAME = "gatehold-by-keys";
  const box = document.getElementById("by-keys");
  if (!box) return;
  // Whoever dictates or uses other tools can turn single keys off; the browser remembers it.
  box.checked = window.localStorage.getItem(NAME) !== "no";
  box.closest("p").hidden = false;
  box.addEventListener("change", () => window.localStorage.setItem(NAME, box.checked ? "yes" : "no"));
  let sent = false;

  document.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", () => { sent = false; });

  document.addEventListener("keydown", (event) => {
    if (!box.checked || sent || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const at = event.target;
    if (at instanceof Element && at.closest("select, textarea, input:not([type=checkbox])")) return;
    const button = document.querySelector('button[data-key="' + CSS.escape(event.key.toLowerCase()) + '"]');
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();
