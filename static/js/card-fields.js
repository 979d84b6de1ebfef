// data-card-number: groups the digits and names the brand. data-card-expiry: writes the slash. The caret stays where it was.
const BRANDS = [
  ["American Express", /^3[47]/, [4, 6, 5]],
  ["Visa", /^4/, [4, 4, 4, 4, 3]],
  ["Mastercard", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [4, 4, 4, 4]],
  ["RuPay", /^(652[1-3]|653|60(?!11)|81|82|508)/, [4, 4, 4, 4]],
  ["Discover", /^(6011|64[4-9]|65)/, [4, 4, 4, 4, 3]],
  ["Diners Club", /^(30[0-5]|309|36|38|39)/, [4, 6, 4]],
  ["JCB", /^35(2[89]|[3-8])/, [4, 4, 4, 4]],
  ["UnionPay", /^62/, [4, 4, 4, 4, 3]],
];

function brandOf(digits) {
  return BRANDS.find(([, begins]) => begins.test(digits)) ?? ["", /^/, [4, 4, 4, 4, 3]];
}

function grouped(digits) {
  const groups = [];
  let rest = digits;
  for (const size of brandOf(digits)[2]) {
    if (!rest) break;
    groups.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return groups.join(" ") + rest;
}

function rewrite(input, write) {
  const before = input.value.slice(0, input.selectionStart ?? input.value.length).replace(/\D/g, "").length;
  const written = write(input.value);
  if (written === input.value) return;
  input.value = written;
  if (document.activeElement !== input) return;
  let caret = 0;
  for (let seen = 0; caret < written.length && seen < before; caret += 1) if (/\d/.test(written[caret])) seen += 1;
  if (before === written.replace(/\D/g, "").length) caret = written.length;
  input.setSelectionRange(caret, caret);
}

function showBrand(input) {
  const word = input.parentElement.querySelector("[data-card-brand]");
  const name = brandOf(input.value.replace(/\D/g, ""))[0];
  if (word && word.textContent !== name) word.textContent = name;
}

function expiry(typed, deleting) {
  const digits = typed.replace(/\D/g, "").slice(0, 6);
  if (/^[2-9]$/.test(digits)) return deleting ? digits : `0${digits} / `;
  if (digits.length < 2 || (deleting && digits.length === 2)) return /^\d\s*\/$/.test(typed) && !deleting ? `0${digits} / ` : digits;
  return `${digits.slice(0, 2)} / ${digits.slice(2)}`;
}

document.addEventListener("input", (event) => {
  const input = event.target;
  if (input.matches("[data-card-number]")) {
    // Letters stay: the message about them is the server's.
    if (!/[^\d\s-]/.test(input.value)) rewrite(input, (typed) => grouped(typed.replace(/\D/g, "")));
    showBrand(input);
  }
  if (input.matches("[data-card-expiry]") && !/[^\d\s/.-]/.test(input.value)) {
    const deleting = event.inputType?.startsWith("delete") ?? false;
    rewrite(input, (typed) => expiry(typed, deleting));
  }
});

document.addEventListener("form-shown", (event) => {
  for (const input of event.target.querySelectorAll("[data-card-number]")) showBrand(input);
});
