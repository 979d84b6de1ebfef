// data-pay-form: sends the form once, keeps the card number in its field when the server asks for a correction, and goes
// where the answer leads. Without this script the browser sends the same form and shows the same pages.
const PAGE = "pay";

function busy(form, is) {
  for (const button of form.querySelectorAll("button[type=submit]")) {
    button.disabled = is;
    button.toggleAttribute("data-busy", is);
  }
  form.setAttribute("aria-busy", String(is));
}

function show(html, kept) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(PAGE);
  if (!fresh) return false;
  document.getElementById(PAGE).replaceWith(fresh);
  for (const [name, value] of kept) {
    const input = fresh.querySelector(`details[open] [data-keep][name="${name}"], [data-keep][name="${name}"]`);
    if (input) input.value = value;
  }
  fresh.dispatchEvent(new CustomEvent("form-shown", { bubbles: true }));
  (fresh.querySelector("[aria-invalid=true]") ?? fresh.querySelector("[data-notices] .notice:not([hidden])"))?.focus();
  return true;
}

async function send(form) {
  const framed = form.querySelector("[data-framed]");
  if (framed) framed.value = "1";
  const kept = [...form.querySelectorAll("[data-keep]")].map((input) => [input.name, input.value]);
  const body = new URLSearchParams(new FormData(form));
  busy(form, true);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { "X-Checkout-Script": "1" },
      credentials: "same-origin",
    });
    const next = answer.headers.get("X-Checkout-Location");
    if (next) {
      location.assign(next);
      return;
    }
    if (show(await answer.text(), kept)) return;
    throw new Error("no page");
  } catch {
    // Whether it arrived or not: the form is the same attempt, so pressing again charges nothing twice.
    const notices = document.querySelector("[data-notices]");
    notices.replaceChildren(document.querySelector("[data-offline]").content.cloneNode(true));
    busy(form, false);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-pay-form]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") !== "true") send(form);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
