// data-menu on a <details>: closed on narrow pages when they load, always open on wide ones.
const narrow = matchMedia("(max-width: 52rem)");

function settle() {
  for (const menu of document.querySelectorAll("details[data-menu]")) menu.open = !narrow.matches;
}

settle();
narrow.addEventListener("change", settle);
