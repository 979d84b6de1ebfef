// data-submit-once on a form: the first submit disables its buttons and says that it is busy; the second does nothing.
// The server would deduplicate a second one anyway; this is courtesy, not safety.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-submit-once]")) return;
  if (form.hasAttribute("data-submitted")) {
    event.preventDefault();
    return;
  }
  form.setAttribute("data-submitted", "");
  const button = event.submitter ?? form.querySelector("button[type=submit]");
  // After this tick: a button disabled during the event would drop its own name from the form data.
  setTimeout(() => {
    button.disabled = true;
    button.setAttribute("data-busy", "");
    form.setAttribute("aria-busy", "true");
  });
});

// Coming back through the browser's cache shows the page as it was left: busy for ever.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-submitted]")) {
    form.removeAttribute("data-submitted");
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[data-busy]")) {
      button.disabled = false;
      button.removeAttribute("data-busy");
    }
  }
});
