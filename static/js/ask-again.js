// data-ask-again (seconds): asks for this page until the answer is another than "come back later", then loads it.
const WAIT_MS = Number(document.querySelector("[data-ask-again]").dataset.askAgain) * 1000;

async function ask() {
  try {
    const answer = await fetch(location.href, { redirect: "manual" });
    if (answer.status !== 503) {
      location.reload();
      return;
    }
  } catch {
    // No answer at all is no better than a 503.
  }
  setTimeout(ask, WAIT_MS);
}

setTimeout(ask, WAIT_MS);
