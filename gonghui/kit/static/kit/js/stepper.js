/* [data-stepper]: minus, number, plus. Rows [data-companion="n"] show as soon as the party has n + 1 people. */
(() => {
  const bound = (input, value) => Math.min(Number(input.max || Infinity), Math.max(Number(input.min || 0), value));

  const show = (stepper) => {
    const input = stepper.querySelector('input');
    const value = bound(input, Number(input.value) || 0);
    input.value = value;
    stepper.querySelector('[data-step="-1"]').disabled = value <= Number(input.min || 0);
    stepper.querySelector('[data-step="1"]').disabled = value >= Number(input.max || Infinity);
    const form = stepper.closest('form, [data-party]') || document;
    form.querySelectorAll('[data-companion]').forEach((row) => {
      row.hidden = Number(row.dataset.companion) >= value;
      row.querySelectorAll('input, select').forEach((field) => { field.disabled = row.hidden; });
    });
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-stepper] [data-step]');
    if (!button) return;
    const stepper = button.closest('[data-stepper]');
    const input = stepper.querySelector('input');
    input.value = bound(input, Number(input.value) + Number(button.dataset.step));
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  document.addEventListener('change', (event) => {
    const stepper = event.target.closest('[data-stepper]');
    if (stepper) show(stepper);
  });
  document.querySelectorAll('[data-stepper]').forEach(show);
})();
