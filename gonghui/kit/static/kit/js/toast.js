/* gonghui.toast(text); server messages (data-toast) leave by themselves; failed htmx requests say so. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const stay = () => (document.documentElement.hasAttribute('data-elder') ? 9000 : 4500);
  const leave = (toast) => setTimeout(() => toast.remove(), stay());

  gonghui.toast = (text) => {
    const region = document.getElementById('toasts');
    const toast = document.createElement('p');
    toast.className = 'toast';
    toast.textContent = text;
    region.append(toast);
    leave(toast);
  };

  document.querySelectorAll('[data-toast]').forEach(leave);
  document.addEventListener('toast', (event) => gonghui.toast(event.detail.value || event.detail.text));
  document.addEventListener('htmx:sendError', () => gonghui.toast(gonghui.say('offline')));
})();
