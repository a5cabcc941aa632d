// The menu of the page head closes on Escape and on a click beside it. It is the browser's own details: it opens and
// closes without this file. If the row of pages is wider than the phone, it scrolls to the current page.

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
    // A clicked control keeps the focus; a click on the background returns it to the menu.
    if (!event.target.closest("a, button, input, select, textarea, label, summary")) menu.querySelector("summary").focus({ preventScroll: true });
  }
});

for (const here of document.querySelectorAll(".page-nav [aria-current]")) {
  const row = here.closest("ul");
  const isHidden = here.getBoundingClientRect().right > row.getBoundingClientRect().right;
  if (isHidden) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
}
