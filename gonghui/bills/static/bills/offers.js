"use strict";
// The editor of offers: a form of offer shows its own fields, rows come as they are needed, the trial follows what one types.
// Without a script every field is there, and what does not belong to the form is not taken.
(() => {
  const form = document.querySelector("[data-offer-form]");
  if (!form) return;
  const chosen = (name) => (form.querySelector(`input[name="${name}"]:checked`) || {}).value;
  const show = () => {
    const kind = chosen("form");
    form.querySelectorAll("[data-forms]").forEach((field) => {
      field.hidden = !field.dataset.forms.split(" ").includes(kind);
    });
    const byVoucher = chosen("needs_voucher") === "1";
    form.querySelectorAll("[data-row]").forEach((row) => {
      const payer = row.querySelector('select[name$="-payer"]');
      if (!payer) return;
      const isMerchant = payer.value === "merchant" || payer.value === "";
      row.querySelectorAll("[data-not-merchant]").forEach((field) => {
        field.hidden = isMerchant || ("noVoucher" in field.dataset && byVoucher);
      });
      const rest = row.querySelector('input[name$="-takes_rest"]').checked;
      row.querySelectorAll('input[name$="-percent"], input[name$="-fixed_fen"]').forEach((input) => { input.disabled = rest; });
    });
    const taking = new Set([...form.querySelectorAll('input[name="stores"]:checked')].map((box) => box.value));
    form.querySelectorAll("[data-window-stores]").forEach((part) => {
      const where = part.closest("[data-row]").querySelector("[data-where]:checked");
      part.hidden = !where || where.value !== "some";
      let seen = 0;
      part.querySelectorAll("label").forEach((label) => {
        const box = label.querySelector("input");
        label.hidden = !taking.has(box.value);
        if (label.hidden) box.checked = false;
        else seen += 1;
      });
      part.querySelector("[data-no-stores]").hidden = seen > 0;
    });
  };
  // As a row is that nobody has touched.
  const empty = (row) => row.querySelectorAll("input, select").forEach((field) => {
    if (field.type === "radio") field.checked = field.value === "all";
    else if (field.type === "checkbox") field.checked = false;
    else if (field.tagName === "SELECT") field.selectedIndex = 0;
    else field.value = "";
  });
  form.querySelectorAll("[data-rows]").forEach((rows) => {
    const all = [...rows.querySelectorAll("[data-row]")];
    all.forEach((row) => { row.hidden = !("filled" in row.dataset) && !row.classList.contains("is-wrong"); });
    const add = document.createElement("button");
    add.type = "button";
    add.className = "gh-button bo-add";
    add.textContent = rows.dataset.add;
    const left = () => all.find((row) => row.hidden);
    add.addEventListener("click", () => {
      const next = left();
      if (!next) return;
      next.hidden = false;
      next.querySelector("input, select").focus();
      add.hidden = !left();
    });
    add.hidden = !left();
    rows.after(add);
    all.forEach((row) => {
      const drop = document.createElement("button");
      drop.type = "button";
      drop.className = "gh-link bo-drop";
      drop.textContent = rows.dataset.drop;
      drop.addEventListener("click", () => {
        empty(row);
        row.hidden = true;
        row.classList.remove("is-wrong");
        add.hidden = false;
        add.focus();
        later();
      });
      row.append(drop);
    });
  });
  const find = form.querySelector("[data-find]");
  if (find) {
    find.hidden = form.querySelectorAll("[data-place]").length < 4;
    find.querySelector("input").addEventListener("input", (event) => {
      const asked = event.target.value.trim().toLowerCase();
      form.querySelectorAll("[data-place]").forEach((place) => {
        const named = place.querySelector("h3").textContent.toLowerCase().includes(asked);
        let seen = 0;
        place.querySelectorAll("label").forEach((label) => {
          label.hidden = !(named || label.textContent.toLowerCase().includes(asked));
          seen += label.hidden ? 0 : 1;
        });
        place.hidden = !seen;
      });
      event.stopPropagation();
    });
  }
  const list = (box, texts) => {
    box.replaceChildren(...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
  };
  let timer = 0;
  let asked = 0;
  const refresh = async () => {
    const mine = asked += 1;
    const answer = await fetch(location.href, { method: "POST", body: new FormData(form), headers: { "X-Preview": "1" } });
    if (!answer.ok || mine !== asked) return;
    const facts = await answer.json();
    list(form.querySelector("[data-says]"), facts.says);
    list(form.querySelector("[data-wrong]"), facts.wrong);
    form.querySelector("[data-tried]").textContent = facts.tried;
    form.querySelector("[data-most]").textContent = facts.most;
  };
  const later = () => { show(); clearTimeout(timer); timer = setTimeout(refresh, 400); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  show();
  if ("begun" in form.dataset) later();
  const wrong = form.querySelector(".gp-wrong");
  if (wrong) wrong.focus();
})();
