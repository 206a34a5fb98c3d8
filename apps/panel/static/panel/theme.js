// Light or dark: what was chosen before, put on before anything is drawn; else the system's wish, by the style sheet. And the
// menu's current entry, brought into sight.
(() => {
  const root = document.documentElement;
  const kept = (() => { try { return localStorage.getItem("tema"); } catch { return null; } })();
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("tema");
    const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const menu = document.querySelector(".menu"); // on a phone it is wider than the window
    const here = menu.querySelector("[aria-current]");
    if (here) menu.scrollLeft = here.offsetLeft + here.offsetWidth - menu.offsetLeft - menu.clientWidth;
    button.hidden = false; // of no use without this script
    button.setAttribute("aria-pressed", dark());
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      button.setAttribute("aria-pressed", dark());
      try { localStorage.setItem("tema", root.dataset.theme); } catch { /* remembered for this page only */ }
    });
  });
})();
