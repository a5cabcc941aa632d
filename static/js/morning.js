// A call or message to a manager is recorded with the name of the caller, so that nobody asks twice. The page works
// without this file: then the button beside the links does it. Markup: [data-asked-form] beside [data-asks] links and
// a [data-asked] line.

async function noteAsked(form) {
  const line = form.closest("li").querySelector("[data-asked]");
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "text/plain" },
    keepalive: true, // the link beside it may take the reader to another app
    redirect: "error",
  });
  if (!answer.ok) throw new TypeError(`the note answered ${answer.status}`);
  line.textContent = await answer.text();
}

for (const form of document.querySelectorAll("[data-asked-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    noteAsked(form).catch(() => form.submit());
  });
  for (const link of form.closest("li").querySelectorAll("[data-asks]")) {
    // A failed record shows no message in the middle of a call: the button is still there.
    link.addEventListener("click", () => noteAsked(form).catch(() => {}));
  }
}
