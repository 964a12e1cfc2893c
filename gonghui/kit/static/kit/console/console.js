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
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
// A part with data-when is shown while the field it names has one of the values of data-when-is. Without a script all are shown.
const follow = (form) => {
  form.querySelectorAll("[data-when]").forEach((part) => {
    part.hidden = !part.dataset.whenIs.split(" ").includes(form.elements[part.dataset.when].value);
  });
};
document.addEventListener("change", (event) => { if (event.target.form) follow(event.target.form); });
document.addEventListener("DOMContentLoaded", () => { [...document.forms].forEach(follow); });
// A picker drawn by a script (select2) is named by the label of the field it stands for, whenever it is drawn.
const nameOf = (box) => {
  const select = box.closest(".select2-container").previousElementSibling;
  const label = select && select.labels && select.labels[0];
  if (!label || box.dataset.named) return;
  label.id = label.id || `label-of-${select.id}`;
  for (const part of [box, box.querySelector("[role=textbox]")]) {
    if (part) part.setAttribute("aria-labelledby", `${label.id} ${part.getAttribute("aria-labelledby") || ""}`.trim());
  }
  box.dataset.named = "1";
};
const nameAll = () => { document.querySelectorAll(".select2-selection[role=combobox]").forEach(nameOf); };
document.addEventListener("DOMContentLoaded", () => {
  nameAll();
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
});
// The side bar: a box that finds a page; groups stay open as they were left, for this sitting.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("nav-find");
  const groups = [...document.querySelectorAll(".gh-nav")];
  const key = (group) => `nav:${group.querySelector("summary").textContent.trim()}`;
  groups.forEach((group) => {
    if (sessionStorage.getItem(key(group))) group.open = true;
    group.querySelector("summary").addEventListener("click", () => {
      if (group.open) sessionStorage.removeItem(key(group)); else sessionStorage.setItem(key(group), "1");
    });
  });
  if (!box) return;
  const before = new Map();
  box.addEventListener("input", () => {
    const asked = box.value.trim().toLowerCase().replace(/\s+/g, "");
    if (asked && !before.size) groups.forEach((group) => before.set(group, group.open));
    let found = 0;
    document.querySelectorAll(".gh-nav-list li").forEach((item) => {
      item.hidden = Boolean(asked) && !item.dataset.find.includes(asked);
      found += !item.hidden;
    });
    groups.forEach((group) => {
      group.hidden = !group.querySelector("li:not([hidden])");
      group.open = asked ? true : before.has(group) ? before.get(group) : group.open;
    });
    if (!asked) before.clear();
    document.querySelector("[data-nav-none]").hidden = found > 0;
  });
  box.addEventListener("keydown", (event) => {
    const first = document.querySelector(".gh-nav-list li:not([hidden]) a");
    if (event.key === "Enter" && box.value.trim() && first) first.click();
  });
});
