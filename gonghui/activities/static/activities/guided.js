"use strict";
// The guided page without a script is whole; this hides what is not asked for and keeps the preview fresh.
(() => {
  const form = document.querySelector("[data-guided]");
  if (!form) return;

  const kind = () => (form.querySelector("input[name=kind]:checked") || {}).value;
  const showKind = () => {
    form.querySelectorAll("[data-kind]").forEach((part) => { part.hidden = part.dataset.kind !== kind(); });
    const own = form.querySelector("[data-own-cover]");
    if (own && kind()) own.src = `${own.dataset.covers}${kind()}.svg`;
  };

  // Rows of the same shape: those filled in, and one more on asking.
  const fillRows = (list) => {
    const rows = [...list.querySelectorAll(":scope > [data-row]")];
    const isUsed = (row) => [...row.querySelectorAll("input")].some((input) => input.value) || row.querySelector(".gp-error");
    let shown = Math.max(1, rows.reduce((last, row, at) => (isUsed(row) ? at + 1 : last), 0));
    const button = document.createElement("button");
    button.type = "button";
    button.className = "gp-add";
    button.textContent = `＋ ${form.dataset[list.dataset.rows]}`;
    const show = () => {
      rows.forEach((row, at) => { row.hidden = at >= shown; });
      button.hidden = shown >= rows.length;
    };
    button.addEventListener("click", () => { shown += 1; show(); rows[shown - 1].querySelector("input").focus(); });
    list.after(button);
    show();
  };

  const find = form.querySelector("[data-find]");
  const narrow = () => {
    const asked = find.querySelector("input").value.trim().toLowerCase();
    const chosen = form.querySelector("select[name=partner]");
    const partner = chosen ? chosen.value : "";
    let heading = null;
    form.querySelectorAll(".gp-places > *").forEach((part) => {
      if (part.tagName === "H3") { heading = part; heading.hidden = true; return; }
      if (!part.dataset.place) return;
      const isChosen = part.querySelector("input[type=checkbox]").checked;
      const fits = asked ? part.dataset.place.toLowerCase().includes(asked) : !partner || part.dataset.partner === partner;
      part.hidden = !fits && !isChosen;
      if (!part.hidden && heading) heading.hidden = false;
    });
  };

  const box = form.querySelector("[data-preview]");
  let timer = 0;
  let asked = 0;
  const refresh = async () => {
    const mine = asked += 1;
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(location.href, { method: "POST", body: new FormData(form), headers: { "X-Preview": "1" } });
      const text = await answer.text();
      if (answer.ok && mine === asked) box.innerHTML = text;
    } finally {
      if (mine === asked) box.removeAttribute("aria-busy");
    }
  };

  showKind();
  form.querySelectorAll("[data-rows]").forEach(fillRows);
  if (find && form.querySelectorAll(".gp-place").length > 8) find.hidden = false;
  if (find) {
    narrow();
    find.addEventListener("input", narrow);
    find.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }
  const button = form.querySelector("[data-preview-button]");
  if (button) button.hidden = true;
  form.addEventListener("input", (event) => {
    if (event.target.name === "kind") showKind();
    if (event.target.name === "partner") narrow();
    const seats = event.target.closest(".gp-seats");
    if (seats && event.target.value) seats.parentElement.querySelector("input[type=checkbox]").checked = true;
    clearTimeout(timer);
    timer = setTimeout(refresh, 400);
  });
  const wrong = document.getElementById("wrong");
  if (wrong) wrong.focus();
})();
