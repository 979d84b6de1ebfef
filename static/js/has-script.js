// Marks the page as scripted before the first paint, so that styles can hide what only the scriptless page needs.
document.documentElement.classList.add("has-script");
