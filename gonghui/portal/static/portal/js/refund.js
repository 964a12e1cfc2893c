/* [data-all]: fills in all that is left of a line. */
document.querySelectorAll('[data-all]').forEach((button) => {
  button.hidden = false;
  button.addEventListener('click', () => {
    const field = button.form.elements[button.dataset.all];
    field.value = (Number(button.dataset.fen) / 100).toFixed(2);
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
});
