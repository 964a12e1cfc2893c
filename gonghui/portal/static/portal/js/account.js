/* "Send again" waits; six digits submit by themselves. Without this file both work by hand. */
(() => {
  document.querySelectorAll('[data-wait-s]').forEach((button) => {
    const text = button.textContent;
    const until = Date.now() + Number(button.dataset.waitS) * 1000;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${text} (${left})` : text;
      if (left > 0) setTimeout(tick, 250);
    };
    tick();
  });

  const code = document.querySelector('input.code-input');
  if (code) {
    const send = () => {
      const digits = code.value.normalize('NFKC').replace(/\D/g, '');
      if (digits.length === 6 && code.form.checkValidity()) code.form.requestSubmit();
    };
    code.addEventListener('input', send);
    // Typed before this file came over a slow network; what a reload put back is not typed.
    const came = performance.getEntriesByType('navigation')[0]?.type;
    if (came === 'navigate' && code.value !== code.defaultValue) send();
  }
})();
