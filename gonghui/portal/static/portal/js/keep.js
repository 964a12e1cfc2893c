/* After the first load of a ticket page the service worker knows nothing of it yet: put the page and its files where it will look. */
(() => {
  if (!('serviceWorker' in navigator) || !window.caches) return;
  const files = () => performance.getEntriesByType('resource')
    .map((entry) => entry.name)
    .filter((url) => new URL(url).pathname.startsWith('/static/'));

  const keep = async () => {
    await navigator.serviceWorker.ready;
    const mine = await caches.open('gonghui-mine');
    const page = await fetch(location.href, { credentials: 'same-origin' });
    if (page.ok && !page.redirected) await mine.put(location.href, page);
    const shell = await caches.open('gonghui-shell');
    await Promise.all([...new Set(files())].map(async (url) => (await shell.match(url)) || shell.add(url)));
  };

  window.addEventListener('load', () => keep().catch(() => { /* storage full or refused: the open page still works */ }));
})();
