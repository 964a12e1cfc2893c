/* Served at /sw.js. Keeps the member's own tickets and card, the clerk's counter and till, and the files they need, so that they open
   without network. */
const FILES = 'gonghui-files';
const MINE = 'gonghui-mine';
const OFFLINE = '/offline';
const KEPT_PAGE = /^\/(tickets(\/[0-9A-Z]+)?|me\/card|clerk(\/till)?)\/?$/;
const DESK_PAGE = /^\/clerk/; // kept as it stands with nothing typed, whatever follows the question mark
const KEPT_FILE = /^\/static\/(kit|portal|vendor\/(lean-qr|sha256|jsqr))/;
const HASHED = /\.[0-9a-f]{12}\./;
const DOORS = /^\/(sign-(in|out)|me\/consents\/privacy\/withdraw)\/?$/;

/* Nothing of one reader is kept for the next, however the first one's session ended. What is still on its way then goes onto the
   shelf that was opened before it was asked for, and with that shelf into nothing. */
const forget = () => caches.delete(MINE);

const isGood = (response) => response.ok && response.type === 'basic' && !response.redirected;

const keep = async (shelf, request, response) => {
  if (isGood(response)) await shelf.put(request, response.clone());
  return response;
};

/* A page together with the files it names: the first visit loads them before this worker is there. */
const keepWhole = async (name, address) => {
  const shelf = await caches.open(name);
  const response = await fetch(address, { credentials: 'same-origin' });
  if (!isGood(response)) return;
  const html = await response.clone().text();
  await keep(shelf, address, response);
  const named = [...html.matchAll(/(?:src|href|data-engine)="(\/static\/[^"#]+)/g)].map((found) => found[1]);
  const files = await caches.open(FILES);
  await Promise.all([...new Set(named)].map((file) => files.add(file).catch(() => { /* one picture less */ })));
};

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(keepWhole(FILES, OFFLINE).catch(() => { /* kept at a later start */ }));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', (event) => {
  if (KEPT_PAGE.test(event.data.keep || '')) event.waitUntil(keepWhole(MINE, event.data.keep).catch(() => { /* no network just now */ }));
});

/* clock.js must not take the time of a stored page for the time now. */
const unstamp = async (stored) => {
  const html = (await stored.text()).replace(/data-server-now="\d*"/, 'data-server-now=""');
  return new Response(html, { headers: { 'Content-Type': 'text/html; charset=utf-8' } });
};

const page = async (request, path, isMine) => {
  const isDesk = DESK_PAGE.test(path);
  const isKept = isMine && !(isDesk && new URL(request.url).search);
  try {
    const shelf = isKept && await caches.open(MINE);
    const response = await fetch(request);
    if (isMine && response.type === 'opaqueredirect') await forget();
    return isKept ? await keep(shelf, request, response) : response;
  } catch (error) {
    const stored = (isMine && (await caches.match(isDesk ? path : request, { ignoreVary: true }))) || (await caches.match(OFFLINE));
    if (stored) return unstamp(stored);
    throw error;
  }
};

/* A hashed name never changes its content; any other is asked for anew while there is a network. */
const file = async (request, path) => {
  const stored = await caches.match(request, { ignoreVary: true });
  if (stored && HASHED.test(path)) return stored;
  try {
    return await keep(await caches.open(FILES), request, await fetch(request));
  } catch (error) {
    if (stored) return stored;
    throw error;
  }
};

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (DOORS.test(url.pathname)) event.waitUntil(forget());
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate') event.respondWith(page(request, url.pathname, KEPT_PAGE.test(url.pathname)));
  else if (KEPT_FILE.test(url.pathname)) event.respondWith(file(request, url.pathname));
});
