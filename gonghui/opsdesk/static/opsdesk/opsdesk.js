"use strict";
// The issue: its address copied; its editor: how many of five are chosen, and no place twice.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy-address]");
  if (!button) return;
  navigator.clipboard.writeText(location.href).then(() => { button.textContent = button.dataset.said; });
});
const count = (form) => {
  const chosen = [...form.querySelectorAll("select")].filter((one) => one.value);
  const taken = new Set(chosen.map((one) => one.value));
  form.querySelectorAll("select").forEach((one) => {
    one.closest("li").classList.toggle("is-picked", Boolean(one.value));
    [...one.options].forEach((option) => { option.disabled = option.value !== one.value && taken.has(option.value); });
  });
  const said = form.querySelector("[data-five-count]");
  said.textContent = said.dataset.words.replace("{n}", chosen.length);
  said.classList.toggle("success", chosen.length === 5);
};
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-five]");
  if (form) count(form);
});
document.addEventListener("DOMContentLoaded", () => { document.querySelectorAll("[data-five]").forEach(count); });
