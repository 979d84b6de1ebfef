// A list that htmx asks for again and again carries its tag in data-etag: sent along, so that an unchanged list is a 304.
document.addEventListener("htmx:configRequest", (event) => {
  const etag = event.detail.elt.dataset.etag;
  if (etag) event.detail.headers["If-None-Match"] = etag;
});
