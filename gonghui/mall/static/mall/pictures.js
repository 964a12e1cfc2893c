/* [data-pictures]: says how many were chosen; a form that only sends pictures sends them at once, and not twice. Without it the button sends. */
(() => {
  document.querySelectorAll('[data-pictures]').forEach((place) => {
    const input = place.querySelector('input[type=file]');
    const note = place.querySelector('[data-said]');
    const isAlone = place.dataset.pictures === 'send';
    const say = (words) => { note.textContent = input.files.length ? words.replace('{n}', input.files.length) : ''; };
    input.addEventListener('change', () => {
      say(note.dataset.said);
      if (isAlone && input.files.length) place.requestSubmit();
    });
    if (!isAlone) return;
    const button = place.querySelector('button');
    place.addEventListener('submit', (event) => {
      if (button.getAttribute('aria-busy') === 'true') event.preventDefault();
      button.setAttribute('aria-busy', 'true');
      say(note.dataset.sending);
    });
  });
})();
