/* Hands the invitation to WeChat, which shows its own payment sheet; the page then waits for the bill (bill_state.js). */
(() => {
  const block = document.getElementById('wx-invitation');
  if (!block) return;
  const facts = JSON.parse(block.textContent);
  const done = document.querySelector('[data-next]').dataset.next;
  const pay = () => window.WeixinJSBridge.invoke('getBrandWCPayRequest', facts, () => window.location.replace(done));
  if (window.WeixinJSBridge) pay();
  else document.addEventListener('WeixinJSBridgeReady', pay, { once: true });
})();
