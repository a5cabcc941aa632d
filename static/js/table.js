// Up and down arrows move between the row links of a list, and a click anywhere in a row follows its link. Tab, Enter
// and the link itself work without this file.

for (const table of document.querySelectorAll("[data-arrow-keys]")) {
  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...table.querySelectorAll("[data-row-link]")];
    const at = links.indexOf(document.activeElement);
    const next = links[at + step];
    if (!step || at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  });
  table.addEventListener("click", (event) => {
    const isForTheBrowser = event.target.closest("a, button, input, label") || event.metaKey || event.ctrlKey;
    if (isForTheBrowser || String(getSelection())) return;
    event.target.closest("tr")?.querySelector("[data-row-link]")?.click();
  });
}
