/* gonghui.say(key, facts): the sentences scripts speak, translated by the server (templates/kit/includes/words.html). */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const block = document.getElementById('words');
  const words = block ? JSON.parse(block.textContent) : {};
  gonghui.say = (key, facts = {}) => (words[key] || key).replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
})();
