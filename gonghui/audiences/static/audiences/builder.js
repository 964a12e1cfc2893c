"use strict";
// A wording as rows and groups. What stands on the page is the tree itself: every change writes it into the form and asks how many.
(() => {
  const form = document.querySelector("[data-audience-form]");
  if (!form) return;
  const { kinds, names, wishes, words } = JSON.parse(document.getElementById("audience-words").textContent);
  const kindOf = Object.fromEntries(kinds.map((kind) => [kind.kind, kind]));
  const hidden = form.querySelector("[data-predicate]");
  const DEPTH_MAX = 3; // a row that says "not" is one level more
  const GROUPS = ["all", "any", "none"];
  let number = 0;

  const make = (tag, facts = {}, ...parts) => {
    const node = document.createElement(tag);
    Object.entries(facts).forEach(([name, value]) => {
      if (name === "ariaLabel") node.setAttribute("aria-label", value);
      else if (name in node && name !== "list") node[name] = value;
      else node.setAttribute(name, value);
    });
    node.append(...parts);
    return node;
  };
  const select = (label, choices, value, changed) => {
    const node = make("select", { ariaLabel: label }, ...choices.map(([code, text]) => make("option", { value: code, textContent: text })));
    node.value = value;
    if (node.selectedIndex < 0) node.selectedIndex = 0;
    node.addEventListener("change", () => changed(node.value));
    return node;
  };
  const numeral = (label, value, [least, most], changed) => {
    const node = make("input", { type: "number", ariaLabel: label, min: least, max: most, value: value ?? "" });
    node.addEventListener("input", () => changed(node.value === "" ? null : Number(node.value)));
    return node;
  };
  const text = (said) => make("span", { textContent: said });

  // --- the operands of each kind of row; `leaf` is the JSON of the leaf, changed in place

  const inputs = {
    many(leaf, kind) {
      leaf[kind.field] ??= [];
      return kind.choices.map(([code, name]) => {
        const box = make("input", { type: "checkbox", checked: leaf[kind.field].includes(code) });
        box.addEventListener("change", () => {
          leaf[kind.field] = box.checked ? [...leaf[kind.field], code] : leaf[kind.field].filter((one) => one !== code);
          changed();
        });
        return make("label", { className: "gp-chip" }, box, text(name));
      });
    },
    one(leaf, kind) {
      leaf[kind.field] ??= kind.choices[0][0];
      return [select(kind.label, kind.choices, leaf[kind.field], (value) => { leaf[kind.field] = value; changed(); })];
    },
    flag(leaf, kind) {
      leaf.is ??= true;
      return [select(kind.label, kind.choices, leaf.is ? "1" : "", (value) => { leaf.is = value === "1"; changed(); })];
    },
    age(leaf) {
      leaf.from ??= null; leaf.to ??= null;
      return [
        numeral(words.from_age, leaf.from, [0, 120], (value) => { leaf.from = value; changed(); }), text(words.to),
        numeral(words.to_age, leaf.to, [0, 120], (value) => { leaf.to = value; changed(); }), text(words.years),
      ];
    },
    birthday(leaf) {
      leaf.span ??= "month";
      const spans = [["month", words.month], ["next", words.next], ["between", words.between]];
      const parts = [select(words.span, spans, leaf.span, (value) => {
        Object.keys(leaf).forEach((name) => name !== "kind" && delete leaf[name]);
        Object.assign(leaf, { span: value }, value === "next" ? { days: 7 } : {}, value === "between" ? { from: "", to: "" } : {});
        redraw();
      })];
      if (leaf.span === "next") parts.push(numeral(words.days_count, leaf.days, [1, 60], (value) => { leaf.days = value; changed(); }), text(words.days));
      if (leaf.span === "between") {
        ["from", "to"].forEach((end, at) => {
          const node = make("input", { type: "text", ariaLabel: `${at ? words.last : words.first} ${words.month_day}`, placeholder: "12-20", size: 6, maxLength: 5, value: leaf[end] || "" });
          node.addEventListener("input", () => { leaf[end] = node.value.trim(); changed(); });
          parts.push(node, text(at ? "" : words.to));
        });
      }
      return parts;
    },
    joined(leaf) {
      if (!("days" in leaf) && !("from" in leaf)) leaf.days = 30;
      const span = "days" in leaf ? "days" : "between";
      const parts = [select(words.span, [["days", words.within], ["between", words.on_days]], span, (value) => {
        delete leaf.days; delete leaf.from; delete leaf.to;
        Object.assign(leaf, value === "days" ? { days: 30 } : { from: null, to: null });
        redraw();
      })];
      if (span === "days") return [...parts, numeral(words.days_count, leaf.days, [1, 36500], (value) => { leaf.days = value; changed(); }), text(words.days)];
      ["from", "to"].forEach((end, at) => {
        const node = make("input", { type: "date", ariaLabel: at ? words.last : words.first, value: leaf[end] || "" });
        node.addEventListener("input", () => { leaf[end] = node.value || null; changed(); });
        parts.push(node, text(at ? "" : words.to));
      });
      return parts;
    },
    did(leaf, kind) {
      leaf.what ??= kind.choices[0][0]; leaf.times ??= 1;
      if (!("days" in leaf)) leaf.days = 30;
      return [
        select(kind.label, kind.choices, leaf.what, (value) => { leaf.what = value; changed(); }),
        text("≥"), numeral(words.times, leaf.times, [1, 1000], (value) => { leaf.times = value; changed(); }), text(words.times_unit),
        numeral(words.days_count, leaf.days, [1, 3650], (value) => { leaf.days = value; changed(); }), text(words.ever),
      ];
    },
    share(leaf) {
      leaf.from ??= 0; leaf.to ??= 90;
      return [
        numeral(words.first, leaf.from, [0, 100], (value) => { leaf.from = value; changed(); }), text(words.to),
        numeral(words.last, leaf.to, [0, 100], (value) => { leaf.to = value; changed(); }), text(words.percent),
      ];
    },
    search(leaf, kind) {
      const known = names[kind.kind] ??= {};
      if (kind.many) leaf.ids ??= [];
      const list = make("datalist", { id: `found-${number += 1}` });
      const box = make("input", { type: "search", ariaLabel: `${kind.label} ${words.find}`, placeholder: words.find, list: list.id, autocomplete: "off" });
      const picked = make("div", { className: "au-picked" });
      const ids = () => (kind.many ? leaf.ids : leaf.id ? [leaf.id] : []);
      const show = () => picked.replaceChildren(...ids().map((id) => {
        const chip = make("button", { type: "button", textContent: `${known[id] || id} ×`, ariaLabel: `${words.drop} ${known[id] || id}` });
        chip.addEventListener("click", () => {
          if (kind.many) leaf.ids = leaf.ids.filter((one) => one !== id); else delete leaf.id;
          show(); changed(); box.focus();
        });
        return chip;
      }));
      let found = [];
      let timer = 0;
      const take = () => {
        const one = found.find((row) => row.name === box.value.trim());
        if (!one) return false;
        known[one.id] = one.name;
        if (!kind.many) leaf.id = one.id; else if (!leaf.ids.includes(one.id)) leaf.ids = [...leaf.ids, one.id];
        box.value = "";
        show(); changed();
        return true;
      };
      const ask = async () => {
        const answer = await fetch(`${form.dataset.words}?${new URLSearchParams({ kind: kind.kind, q: box.value.trim() })}`);
        if (!answer.ok) return;
        found = (await answer.json()).found;
        list.replaceChildren(...found.map((row) => make("option", { value: row.name })));
      };
      box.addEventListener("focus", ask);
      box.addEventListener("input", (event) => {
        event.stopPropagation();
        if (take()) return;
        clearTimeout(timer);
        timer = setTimeout(ask, 250);
      });
      box.addEventListener("keydown", async (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        await ask();
        if (found.length === 1) box.value = found[0].name;
        take();
      });
      show();
      return [box, list, picked];
    },
  };

  // --- rows and groups

  const isNot = (node) => Boolean(node.none && node.none.length === 1 && node.none[0].kind);
  const plain = (kind) => ["flag", "one"].includes(kind.input);

  const drawRow = (parts, at) => {
    const node = parts[at];
    const leaf = isNot(node) ? node.none[0] : node;
    const kind = kindOf[leaf.kind];
    const drop = make("button", { type: "button", className: "au-drop", textContent: words.drop, ariaLabel: `${words.drop} ${kind ? kind.label : leaf.kind}` });
    drop.addEventListener("click", () => { parts.splice(at, 1); redraw(); focusOn("[data-add]"); });
    if (!kind) return make("li", { className: "au-row is-plain" }, text(leaf.kind), text(""), drop);
    const which = select(words.kind, kinds.map((one) => [one.kind, one.label]), leaf.kind, (value) => {
      parts[at] = { kind: value };
      redraw();
    });
    const operands = make("div", { className: "au-what", role: "group", ariaLabel: kind.label }, ...inputs[kind.input](leaf, kind));
    if (kind.input === "flag") return make("li", { className: "au-row is-plain" }, which, operands, drop);
    const not = select(`${kind.label} ${words.is}/${words.not}`, [["is", words.is], ["not", words.not]], isNot(node) ? "not" : "is", (value) => {
      parts[at] = value === "not" ? { none: [leaf] } : leaf;
      redraw();
    });
    not.classList.add("au-not");
    return make("li", { className: `au-row${plain(kind) ? " is-short" : ""}` }, which, not, operands, drop);
  };

  const drawGroup = (node, depth, drop) => {
    const word = GROUPS.find((one) => one in node);
    const parts = node[word];
    const how = select(words.group, GROUPS.map((one) => [one, words[one]]), word, (value) => {
      delete node[word];
      node[value] = parts;
      redraw();
    });
    const legend = make("legend", {}, make("div", { className: "au-what" }, how));
    if (drop) legend.firstChild.append(drop);
    const rows = make("ul", { className: "au-rows" }, ...parts.map((part, at) => {
      if (part.kind || isNot(part)) return drawRow(parts, at);
      const away = make("button", { type: "button", className: "au-drop", textContent: words.drop_group });
      away.addEventListener("click", () => { parts.splice(at, 1); redraw(); focusOn("[data-add]"); });
      return make("li", { className: "au-row" }, drawGroup(part, depth + 1, away));
    }));
    const add = make("button", { type: "button", className: "au-add", textContent: `＋ ${words.add}`, "data-add": "" });
    add.addEventListener("click", () => { parts.push({ kind: kinds[0].kind }); redraw(); focusLast(); });
    const adds = make("div", { className: "au-adds" }, add);
    if (depth < DEPTH_MAX) {
      const group = make("button", { type: "button", className: "au-add", textContent: `＋ ${words.add_group}` });
      group.addEventListener("click", () => { parts.push({ any: [{ kind: kinds[0].kind }] }); redraw(); focusLast(); });
      adds.append(group);
    }
    const inside = parts.length ? [rows] : [make("p", { className: "gh-muted", textContent: depth === 1 ? words.everybody : "" })];
    return make("fieldset", { className: "au-group" }, legend, ...inside, adds);
  };

  let tree = JSON.parse(hidden.value).tree;
  const place = form.querySelector("[data-tree]");
  const redraw = () => { place.replaceChildren(drawGroup(tree, 1)); changed(); };
  const focusOn = (what) => { const found = place.querySelector(what); if (found) found.focus(); };
  const focusLast = () => { const all = place.querySelectorAll(".au-row select"); if (all.length) all[all.length - 1].focus(); };

  // --- how many

  const now = form.querySelector(".au-now");
  const put = (name, said) => { now.querySelector(`[data-${name}]`).textContent = said; };
  let timer = 0;
  let asked = 0;
  const show = (facts) => {
    const problem = now.querySelector("[data-problem]");
    problem.hidden = !facts.problem;
    problem.textContent = facts.problem || "";
    const isOpen = facts.problem || facts.wanted;
    put("count", isOpen ? "—" : facts.count);
    form.querySelector("[data-mini]").textContent = isOpen ? "" : facts.count;
    put("note", isOpen ? facts.wanted || "" : facts.note || (facts.is_exact === false ? words.about : (facts.sample || []).length ? words.some : words.nobody));
    now.querySelector("[data-sample]").replaceChildren(...(facts.sample || []).map((one) => make("li", { textContent: one.name }, make("small", { textContent: one.union }))));
  };
  const refresh = async () => {
    const mine = asked += 1;
    now.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(location.href, { method: "POST", body: new FormData(form), headers: { "X-Preview": "1" } });
      const facts = answer.ok ? await answer.json() : { problem: words.failed };
      if (mine === asked) show(facts);
    } catch {
      if (mine === asked) show({ problem: words.failed });
    } finally {
      if (mine === asked) now.removeAttribute("aria-busy");
    }
  };
  function changed() {
    hidden.value = JSON.stringify({ version: 1, tree });
    clearTimeout(timer);
    timer = setTimeout(refresh, 400);
  }

  const ready = form.querySelector("[data-wishes]");
  if (ready) {
    ready.append(...wishes.map((wish) => {
      const button = make("button", { type: "button", textContent: wish.title });
      button.addEventListener("click", () => {
        tree = { all: structuredClone(wish.parts) };
        if (!form.elements.name.value) form.elements.name.value = wish.title;
        redraw();
      });
      return button;
    }));
  }
  const query = window.django?.jQuery || window.jQuery; // the picker of unions tells of its choice by jQuery alone
  if (form.elements.union && query) query(form.elements.union).on("change", changed);
  form.addEventListener("change", (event) => { if (event.target.name === "union") changed(); });
  const wrong = form.querySelector(".gp-wrong");
  if (wrong) wrong.focus();
  redraw();
})();
