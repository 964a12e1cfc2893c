/* [data-bill-state]: a bill that waits for its payment; the page shows the new state as soon as there is one. */
(() => {
  const root = document.querySelector('[data-bill-state]');
  if (!root) return;
  const EVERY_MS = 2000;
  const ask = async () => {
    try {
      const answer = await fetch(root.dataset.billState, { headers: { Accept: 'application/json' }, cache: 'no-store' });
      if (answer.ok && (await answer.json()).state !== 'held') { if (root.dataset.next) window.location.replace(root.dataset.next); else window.location.reload(); return; }
    } catch { /* no network for a moment; asked again */ }
    setTimeout(ask, EVERY_MS);
  };
  setTimeout(ask, EVERY_MS);
})();
