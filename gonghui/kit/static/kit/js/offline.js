/* Says when the network is gone, and keeps opened tickets usable: registers the service worker a page names. */
(() => {
  const note = document.getElementById('offline-note');
  const show = () => { if (note) note.hidden = navigator.onLine; };
  window.addEventListener('online', show);
  window.addEventListener('offline', show);
  show();

  const worker = document.querySelector('meta[name="service-worker"]');
  if (worker && 'serviceWorker' in navigator) {
    navigator.serviceWorker.register(worker.content, { scope: '/' })
      .then(() => navigator.serviceWorker.ready)
      .then((ready) => ready.active.postMessage({ keep: location.pathname }))
      .catch(() => { /* WeChat on iOS has none; an open page still works */ });
  }
  document.addEventListener('submit', (event) => {
    if (event.target.matches('[data-sign-out], [action$="/sign-out"]') && window.caches) caches.delete('gonghui-mine');
  });
})();
