"use strict";
// The draft counts people and money as one types; a grant's page follows its progress. Both are whole without a script.
(() => {
  const form = document.querySelector("[data-grant-form]");
  if (form) {
    const put = (name, text) => { form.querySelector(`[data-${name}]`).textContent = text; };
    const words = form.elements.affirms.closest(".gp-field");
    const showRules = (facts) => {
      words.hidden = !facts.asks_words;
      const box = form.querySelector("[data-rules]");
      box.hidden = !facts.said.length;
      box.querySelector("ul").replaceChildren(...facts.said.map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }));
    };
    words.hidden = !form.querySelector("[data-rules]").hasAttribute("data-asks-words");
    let timer = 0;
    let asked = 0;
    const refresh = async () => {
      const mine = asked += 1;
      const answer = await fetch(location.href, { method: "POST", body: new FormData(form), headers: { "X-Preview": "1" } });
      if (!answer.ok || mine !== asked) return;
      const facts = await answer.json();
      ["people", "sum", "left"].forEach((name) => put(name, facts[name]));
      form.querySelector("[data-short]").hidden = !facts.short;
      showRules(facts);
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(refresh, 400); };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    later();
  }
  const box = document.querySelector("[data-progress]");
  if (!box || !box.dataset.progress) return;
  const follow = async () => {
    const answer = await fetch(box.dataset.progress);
    if (!answer.ok) return;
    const facts = await answer.json();
    if (!facts.is_running) { location.reload(); return; }
    if (facts.done !== null) { // else the people are not counted out
      box.querySelector("[data-done]").textContent = facts.done.toLocaleString("zh-CN");
      box.querySelector("[data-total]").textContent = facts.total.toLocaleString("zh-CN");
      box.querySelector("progress").max = facts.total || 1;
      box.querySelector("progress").value = facts.done;
    }
    setTimeout(follow, 2000);
  };
  setTimeout(follow, 2000);
})();
