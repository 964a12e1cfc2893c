/* Served at /sw.js. Static files first from the cache; the member's own tickets from the network, and from the cache when there is none. */
const SHELL = 'gonghui-shell';
const MINE = 'gonghui-mine';
const KEPT = /^\/tickets(\/|$)/;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

const keep = async (name, request, response) => {
  if (response.ok && response.type === 'basic' && !response.redirected) (await caches.open(name)).put(request, response.clone());
  return response;
};

/* clock.js must not take the time of a stored page for the time now. */
const unstamp = async (stored) => {
  const html = (await stored.text()).replace(/data-server-now="\d*"/, 'data-server-now=""');
  return new Response(html, { headers: stored.headers });
};

const page = async (request) => {
  try {
    return await keep(MINE, request, await fetch(request));
  } catch (error) {
    const stored = await caches.match(request, { ignoreVary: true });
    if (stored) return unstamp(stored);
    throw error;
  }
};

const file = async (request) => (await caches.match(request)) || keep(SHELL, request, await fetch(request));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && KEPT.test(url.pathname)) event.respondWith(page(request));
  else if (url.pathname.startsWith('/static/')) event.respondWith(file(request));
});
