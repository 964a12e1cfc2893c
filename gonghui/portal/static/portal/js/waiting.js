/* The personal part of the waiting page, which itself is the same for everybody: who is reading, for whom, with whom.
   Works beside kit/js/grab.js: it renews the chosen pool's pass address and lets grab.js ask again. */
(() => {
  const root = document.querySelector('[data-grab][data-party-url]');
  if (!root) return;
  const part = (name) => root.querySelector(`[data-${name}]`);
  const button = part('grab-button');
  const seats = root.querySelector('[name=seats]');
  const whom = root.querySelector('[name=for]');
  const pools = [...root.querySelectorAll('[data-grab-pool]')];
  const names = [...root.querySelectorAll('[data-companion] input')];
  const me = { csrf: '' };

  const chosen = () => pools.find((pool) => pool.checked);
  const size = () => (seats ? Number(seats.value) : 1);
  const written = () => names.slice(0, size() - 1).map((field) => field.value.trim()).filter(Boolean);
  const isReady = () => root.dataset.names !== '1' || written().length === size() - 1;

  /* The pass is for a party of this size and for this person; grab.js hears "change" and asks for a new one. */
  const renew = () => {
    const query = new URLSearchParams({ seats: String(size()) });
    if (whom.value) query.set('for', whom.value);
    pools.forEach((pool) => { pool.dataset.passUrl = `${pool.dataset.passBase}?${query}`; });
    const pool = chosen();
    if (pool) pool.dispatchEvent(new Event('change'));
  };

  const read = async () => (await fetch(root.dataset.partyUrl, { credentials: 'same-origin', cache: 'no-store' })).json();
  const post = () => {
    const body = JSON.stringify({ companions: written(), for: whom.value ? Number(whom.value) : null });
    const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': me.csrf };
    return fetch(root.dataset.partyUrl, { method: 'POST', credentials: 'same-origin', headers, body });
  };

  const save = async () => {
    let response = await post();
    if (response.status === 403) { // two first answers at once may each have brought a cookie
      me.csrf = (await read()).csrf;
      response = await post();
    }
    if (!response.ok) part('grab-note').textContent = (await response.json()).title;
    return response.ok;
  };

  /* Names are kept one change after the other, never before we know who is reading: on a slow network people type first. */
  let line;
  const change = () => {
    if (!names.length || !isReady()) { renew(); return; }
    line = line.then(async () => {
      if (!me.csrf) await look(); // the first look found no network
      if (!me.csrf || (await save())) renew();
    }).catch(renew);
  };

  const showOpening = () => {
    const pool = chosen();
    if (pool) part('opening-text').textContent = pool.dataset.openingText;
  };

  const fill = (mine) => {
    mine.delegates.forEach((person) => whom.add(new Option(person.name, person.id)));
    part('for-whom').hidden = mine.delegates.length === 0;
    if (size() > 1 || names.some((field) => field.value)) return; // the reader was faster
    names.forEach((field, n) => { field.value = mine.companions[n] || ''; });
    if (mine.companions.length && seats && names.length) {
      seats.value = String(mine.companions.length + 1);
      seats.dispatchEvent(new Event('change', { bubbles: true }));
    }
  };

  const showSignIn = () => { button.hidden = true; part('sign-in').hidden = false; };

  /* grab.js says why in the note; the next step is a link below it. */
  const showNext = (said) => {
    const link = part('next-link');
    part('next').hidden = !said || !said.next_url;
    if (said && said.next_url) { link.href = said.next_url; link.textContent = said.next_text; }
  };

  const look = async () => {
    const mine = await read();
    if (!mine.is_signed_in) { showSignIn(); return; }
    me.csrf = mine.csrf;
    fill(mine);
  };

  root.addEventListener('refused', (event) => showNext(event.detail));
  pools.forEach((pool) => pool.addEventListener('change', () => { showOpening(); showNext(null); }));
  if (seats) seats.addEventListener('change', change);
  whom.addEventListener('change', change);
  names.forEach((field) => field.addEventListener('change', change));
  line = look().catch(() => { /* offline: grab.js says so */ });
})();
