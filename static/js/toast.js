// A `toast` event with a text as detail shows it for a few seconds in #toasts, which screen readers follow.
function show(text) {
  const toasts = document.getElementById("toasts");
  if (!toasts) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = text;
  toasts.replaceChildren(toast);
  setTimeout(() => toast.remove(), 5000);
}

document.addEventListener("toast", (event) => {
  // htmx wraps what the HX-Trigger header carries as {value: ...}.
  show(typeof event.detail === "string" ? event.detail : event.detail.value);
});
