"use strict";
// A form marked data-once is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-once]");
  if (!button) return;
  if (button.disabled) {
    event.preventDefault();
    return;
  }
  setTimeout(() => { button.disabled = true; }, 0);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const button = event.target.querySelector && event.target.querySelector("[data-once]");
  if (button) button.disabled = false;
});
// A refused form comes back with 422: it is shown like any other answer.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
// A part with data-when is shown while the field it names has one of the values of data-when-is. Without a script all are shown.
const follow = (form) => {
  form.querySelectorAll("[data-when]").forEach((part) => {
    part.hidden = !part.dataset.whenIs.split(" ").includes(form.elements[part.dataset.when].value);
  });
};
document.addEventListener("change", (event) => { if (event.target.form) follow(event.target.form); });
document.addEventListener("DOMContentLoaded", () => { [...document.forms].forEach(follow); });
