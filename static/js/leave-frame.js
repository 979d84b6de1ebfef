// data-leave-frame on a link with target=_top: follows it at once, so that nobody has to press it.
document.querySelector("[data-leave-frame]")?.click();
