// The switch light, dark, as the device. The choice is a cookie, so that the server writes it into the page and
// nothing flashes; this file only changes it. Words come from the button's data-text-*.

const CHOICES = ["system", "light", "dark"];
const A_YEAR_S = 365 * 24 * 3600;
const root = document.documentElement;

const current = () => root.dataset.theme ?? "system";

function choose(choice) {
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  const maxAge = choice === "system" ? 0 : A_YEAR_S;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${choice}; path=/; max-age=${maxAge}; SameSite=Lax${secure}`;
}

function show(button) {
  const choice = current();
  const icon = button.querySelector("use");
  icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, `#theme-${choice}`));
  const words = button.dataset[`text${choice[0].toUpperCase()}${choice.slice(1)}`];
  button.querySelector("[data-theme-name]").textContent = words;
  button.title = words;
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.hidden = false;
  show(button);
  button.addEventListener("click", () => {
    choose(CHOICES[(CHOICES.indexOf(current()) + 1) % CHOICES.length]);
    show(button);
  });
}
