/* Runs in <head>, before anything is painted: 长辈模式 from its cookie (cached pages carry none), and whether WeChat draws the bar. */
(() => {
  const root = document.documentElement;
  const YEAR_S = 365 * 24 * 3600;
  const chosen = () => /(?:^|;\s*)elder=1(?:;|$)/.test(document.cookie);

  const show = (on) => {
    root.toggleAttribute('data-elder', on);
    document.querySelectorAll('[data-elder-switch]').forEach((control) => {
      if (control.type === 'checkbox') control.checked = on;
      else control.setAttribute('aria-pressed', String(on));
    });
  };

  const choose = (on) => {
    const secure = location.protocol === 'https:' ? '; secure' : '';
    document.cookie = `elder=${on ? 1 : 0}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
    show(on);
  };

  root.setAttribute('data-js', '');
  if (/MicroMessenger/i.test(navigator.userAgent)) root.setAttribute('data-wechat', '');
  show(chosen());
  document.addEventListener('DOMContentLoaded', () => show(chosen()));
  document.addEventListener('click', (event) => {
    const control = event.target.closest('[data-elder-switch]');
    if (control) choose(control.type === 'checkbox' ? control.checked : !chosen());
  });
})();
