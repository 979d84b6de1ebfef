// data-open-dialog="id" opens that <dialog>; data-close-dialog inside it closes it, and so does a click beside it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.openDialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close-dialog]"))) dialog.close();
});

// The server says `dialog-done` (HX-Trigger) when what the dialog asked for has happened.
document.addEventListener("dialog-done", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});
