// data-copy="text" on a button: puts the text on the clipboard and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.setAttribute("data-copied", "");
  document.dispatchEvent(new CustomEvent("toast", { detail: "Copied" }));
  setTimeout(() => button.removeAttribute("data-copied"), 2000);
});
