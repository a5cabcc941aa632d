// One row of the log form: which of its parts belong to the chosen kind, and the emissions of the typed amount by the
// factor of the chosen chip. The server computes both again.

const FIGURES = { mj: "mj", biogenic_kg: "biogenicKg", co2e_kg: "co2eKg" };

// Reads a number as portal/amounts.py does (no sign and no other script: the field takes neither); null for what is none.
export function parseNumber(text, decimals) {
  const digits = text.replace(/[\s'\u2019]/g, "");
  if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(digits)) {
    if (decimals < 3) return Number(digits.replace(/[.,]/, ""));
    return digits.includes(",") ? null : Number(digits); // the server asks again for 12,400 t
  }
  if (/^(\d+([.,]\d+)?|[.,]\d+)$/.test(digits)) return Number(digits.replace(",", "."));
  const mark = digits.match(/[.,](?=\d+$)/)?.[0];
  const [whole, part] = mark && digits.split(mark).length === 2 ? digits.split(mark) : [digits, "0"];
  if (!/^\d{1,3}([.,])(\d{3}(\1\d{3})*|\d{2}(\1\d{2})*\1\d{3})$/.test(whole)) return null;
  return Number(`${whole.replace(/[.,]/g, "")}.${part}`);
}

function shown(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);
}

const kindOf = (row) => row.querySelector("[data-log-kind]:checked")?.value ?? "used";

export function showKind(row) {
  const kind = kindOf(row);
  for (const part of row.querySelectorAll("[data-log-only]")) part.hidden = part.dataset.logOnly !== kind;
  const nothing = row.querySelector("[data-log-nothing]");
  const amount = row.querySelector("[data-log-amount]");
  amount.readOnly = Boolean(nothing?.checked);
  if (nothing?.checked) amount.value = "";
}

export function showEffect(row) {
  const effect = row.querySelector("[data-log-effect]");
  const chip = row.querySelector("input[data-mj]:checked");
  const amount = parseNumber(row.querySelector("[data-log-amount]").value, Number(chip?.dataset.decimals));
  const isUse = ["used", "bill"].includes(kindOf(row));
  // The figures of a chip are of wood of the usual moisture: with another one the server alone computes them.
  const isOfChip = !row.querySelector("[data-log-moisture]")?.value;
  effect.hidden = amount === null || !isUse || !isOfChip || !chip?.dataset.co2eKg;
  if (effect.hidden) return;
  for (const [name, key] of Object.entries(FIGURES)) {
    const place = effect.querySelector(`[data-effect="${name}"]`);
    if (place) place.textContent = shown(amount * Number(chip.dataset[key]));
  }
  effect.querySelector("[data-effect-part=mj]").hidden = !chip.dataset.mj;
}
