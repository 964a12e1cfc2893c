/* [data-mask]: covers the name on the card, for whoever shows it to strangers; remembered on this phone. */
(() => {
  const button = document.querySelector('[data-mask]');
  const name = document.querySelector('[data-name]');
  if (!button || !name) return;
  const KEY = 'card-masked';

  const show = (isMasked) => {
    name.textContent = isMasked ? name.dataset.masked : name.dataset.whole;
    button.setAttribute('aria-pressed', String(isMasked));
  };

  button.hidden = false;
  show(localStorage.getItem(KEY) === '1');
  button.addEventListener('click', () => {
    const isMasked = button.getAttribute('aria-pressed') !== 'true';
    localStorage.setItem(KEY, isMasked ? '1' : '0');
    show(isMasked);
  });
})();
