// A button that copies the text of a field or a block: data-copy names its id, data-text-copied the text shown
// afterwards. Without a clipboard (plain http) the text is selected, so that one key copies it.

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.textContent = button.dataset.textCopied;
    } catch {
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
    }
  });
}
