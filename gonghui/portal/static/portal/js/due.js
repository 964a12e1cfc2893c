/* What is to open has opened: inside [data-opening] the countdown gives way to [data-due]. Nothing is fetched, for thousands look on. */
document.addEventListener('gonghui:due', (event) => {
  const box = event.target.closest('[data-opening]');
  if (!box) return;
  box.querySelectorAll('[data-before]').forEach((part) => { part.hidden = true; });
  box.querySelectorAll('[data-due]').forEach((part) => { part.hidden = false; });
});
