// On a page with data-list: "/" goes to the search field, "j" and "k" move between rows. A checkbox with
// data-list-keys switches them off and on for this browser.
const KEPT = "list-keys";
const areOn = () => localStorage.getItem(KEPT) !== "off";

for (const box of document.querySelectorAll("[data-list-keys]")) {
  box.checked = areOn();
  box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const list = document.querySelector("[data-list]");
  if (!list || !areOn()) return;
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
