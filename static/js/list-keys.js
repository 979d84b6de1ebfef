// On a page with data-list: "/" goes to the search field, "j" and "k" move between rows. data-list="no-keys" switches them off.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const list = document.querySelector("[data-list]");
  if (!list || list.dataset.list === "no-keys") return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === "j" || event.key === "k") {
    const links = [...list.querySelectorAll(".row-link")];
    const present = links.indexOf(document.activeElement);
    const next = links[Math.max(0, Math.min(links.length - 1, present + (event.key === "j" ? 1 : -1)))];
    next?.focus();
  }
});
