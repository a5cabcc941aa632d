// The menu of the page head closes on Escape and on a click beside it. It is the browser's own details: it opens and
// closes without this file.

const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (menu.contains(event.target)) continue;
    menu.open = false;
    // A control that was clicked keeps the focus; a click on nothing gives it back to where the person was.
    if (!event.target.closest("a, button, input, select, textarea, label, summary")) menu.querySelector("summary").focus({ preventScroll: true });
  }
});
