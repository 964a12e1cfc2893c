/* Inside WeChat: its own payment sheet, then back to the place, whatever came of it. */
(() => {
  const root = document.querySelector('[data-pay]');
  const facts = JSON.parse(document.getElementById('pay-facts').textContent);
  const ask = () => window.WeixinJSBridge.invoke('getBrandWCPayRequest', facts, () => { window.location.assign(root.dataset.back); });
  if (window.WeixinJSBridge) ask(); else document.addEventListener('WeixinJSBridgeReady', ask, { once: true });
})();
