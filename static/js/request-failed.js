// A request of htmx that failed says so: an action in its own form (data-request-failed), what is polled in a toast, once until
// it works again. What the server refused with a fragment of its own (X-Fragment) is shown in place of what asked.
let isStale = false;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.xhr.getResponseHeader("X-Fragment")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

function say(event) {
  const { elt, requestConfig } = event.detail;
  if (requestConfig.verb === "get") {
    const words = document.getElementById("toasts").dataset.stale;
    if (!isStale) document.dispatchEvent(new CustomEvent("toast", { detail: words }));
    isStale = true;
    return;
  }
  elt.querySelector("[data-failed]")?.remove();
  elt.prepend(document.querySelector("[data-request-failed]").content.cloneNode(true));
  elt.querySelector("[data-failed]").focus();
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, say);

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.requestConfig.verb === "get") isStale = false;
});
