// Values typed into the log form stay on this phone until they are saved: a closed browser, an expired sign-in or a
// lost network lose nothing. The form's id stays with them, so that the server recognises a repeated save.

const NOT_KEPT = new Set(["csrfmiddlewaretoken", "answer", "save"]);
const A_WEEK_MS = 7 * 24 * 3600 * 1000;

const keyOf = (form) => `carbontrack:${form.dataset.draftKey}`;

export function readDraft(form) {
  try {
    const draft = JSON.parse(localStorage.getItem(keyOf(form)) ?? "null");
    return draft && Date.now() - draft.keptAtMs < A_WEEK_MS ? draft : null;
  } catch {
    return null; // storage may be off, full or foreign: the form works without it
  }
}

function write(form, draft) {
  try {
    localStorage.setItem(keyOf(form), JSON.stringify(draft));
  } catch {
    // As above.
  }
}

const isTyped = (form) => [...form.querySelectorAll("[data-log-amount]")].some((field) => field.value)
  || Boolean(form.querySelector("[data-log-nothing]:checked"));

export function keepDraft(form) {
  if (!isTyped(form)) return clearDraft(form);
  const fields = [...new FormData(form)].filter(([name]) => !NOT_KEPT.has(name));
  return write(form, { fields, keptAtMs: Date.now() });
}

export function markPending(form) {
  const draft = readDraft(form);
  if (draft) write(form, { ...draft, isPending: true });
}

export function clearDraft(form) {
  try {
    localStorage.removeItem(keyOf(form));
  } catch {
    // As above.
  }
}

// Fill an empty form. Returns the draft used, or null.
export function restoreDraft(form) {
  const draft = isTyped(form) ? null : readDraft(form);
  if (!draft) return null;
  for (const [name, value] of draft.fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (["radio", "checkbox"].includes(field.type)) field.checked = field.value === value;
      else field.value = value;
    }
  }
  return draft;
}
