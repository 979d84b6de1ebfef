// data-expires-in (seconds, from when its form was shown): shows its warning ten minutes before the end, and loads the page
// again when the time is over.
const WARN_MS = 10 * 60 * 1000;
let shownAt = performance.now();

document.addEventListener("form-shown", () => {
  shownAt = performance.now();
});

setInterval(() => {
  const warning = document.querySelector("[data-expires-in]");
  if (!warning) return;
  const left = Number(warning.dataset.expiresIn) * 1000 - (performance.now() - shownAt);
  if (left < WARN_MS) warning.hidden = false;
  if (left < 0 && !document.querySelector("[aria-busy=true]")) location.reload();
}, 5000);
