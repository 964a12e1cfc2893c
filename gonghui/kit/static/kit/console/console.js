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
