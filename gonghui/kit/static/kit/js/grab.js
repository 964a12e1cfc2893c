/* [data-grab]: the waiting page. Takes a pass while waiting, opens on the server's clock, posts it to the gate, and tells the truth.
   Addresses in data-pass-url, data-live-url, data-grab-url, on the root or on each radio [data-grab-pool] where a release has several pools. */
(() => {
  const root = document.querySelector('[data-grab]');
  if (!root) return;
  const { clock, say } = window.gonghui;
  const ANSWERS_OF_LOSS = ['sold_out', 'too_few'];
  const POST_LIMIT_MS = 12000;
  const TRIES = 8;
  const part = (name) => root.querySelector(`[data-grab-${name}]`);
  const button = part('button');
  const note = part('note');
  const pools = [...root.querySelectorAll('[data-grab-pool]')];
  const state = { opensAt: Number(root.dataset.opensAt), closesAt: Number(root.dataset.closesAt) || Infinity, pass: null, now: 'waiting', asking: null, turn: 0 };

  const isOver = () => ['won', 'already', 'refused', 'closed'].includes(state.now);
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const jitter = (ms) => ms * (0.7 + Math.random() * 0.6);
  const tell = (text) => { if (note.textContent !== text) note.textContent = text; };

  const LABELS = { waiting: 'grab_waiting', ready: 'grab_now', sending: 'grab_sending', sold_out: 'grab_line', won: 'grab_won', already: 'grab_already', paused: 'grab_paused', closed: 'grab_closed', refused: 'grab_refused' };
  const enter = (name) => {
    state.now = name;
    button.dataset.state = name;
    root.querySelectorAll('[data-countdown]').forEach((e) => { e.hidden = name !== 'waiting'; });
    button.disabled = !['ready', 'sold_out', 'won', 'already'].includes(name);
    button.toggleAttribute('aria-busy', false);
    if (name === 'sending') button.setAttribute('aria-busy', 'true');
    part('label').textContent = say(LABELS[name]);
    const pause = part('paused');
    if (pause) pause.hidden = name !== 'paused';
  };

  /* Until it goes on: what is left is looked at as before, and then the button comes back by itself. */
  const pause = (reason) => {
    if (state.now !== 'paused') { enter('paused'); tell(say('grab_paused_text')); }
    if (reason && part('reason')) part('reason').textContent = reason;
  };

  const ask = async (url, options = {}, limitMs = POST_LIMIT_MS) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), limitMs);
    try {
      const response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', ...options, signal: stop.signal });
      const said = await response.json().catch(() => ({}));
      return { status: response.status, ...said };
    } finally { clearTimeout(timer); }
  };

  /* Where to ask: the chosen pool's addresses. */
  const place = () => (pools.find((pool) => pool.checked) || root).dataset;

  /* --- the pass ------------------------------------------------------------------------------------------ */

  const expiresSoon = () => !state.pass || (state.pass.expires_at && clock.ms(state.pass.expires_at) - clock.now() < 60000);

  const refuse = (said) => {
    const have = said.code === 'already' || said.answer === 'already';
    enter(have ? 'already' : 'refused');
    tell([said.title, said.message || said.detail || said.advice].filter(Boolean).join(' '));
    root.dispatchEvent(new CustomEvent('refused', { detail: said }));
    if (said.status === 401) location.assign(`${root.dataset.signInUrl}?next=${encodeURIComponent(location.pathname)}`);
  };

  const takePass = async () => {
    if (state.now === 'paused' || !expiresSoon() || state.asking) return state.asking;
    const { passUrl } = place();
    const { turn } = state; // a late answer about another party or session says nothing about this one
    state.asking = (async () => {
      try {
        const said = await ask(passUrl);
        if (turn !== state.turn) return;
        if (said.status === 200) state.pass = said;
        else if (said.code === 'release_paused') pause('');
        else if (said.status < 500 && said.status !== 429) refuse(said);
      } catch (error) { /* asked again by the next look */ } finally { if (turn === state.turn) state.asking = null; }
    })();
    return state.asking;
  };

  /* --- what is left ---------------------------------------------------------------------------------------- */

  const showLeft = (live) => {
    const left = Math.max(0, live.remaining);
    const bar = part('bar');
    if (bar) { bar.max = live.capacity || bar.max; bar.value = left; }
    if (part('left')) part('left').textContent = left.toLocaleString('zh-CN');
    if (state.now === 'ready' && left === 0) { enter('sold_out'); tell(say('grab_gone')); }
    if (state.now === 'sold_out' && left > 0) { enter('ready'); tell(say('grab_back', { n: left })); }
  };

  const heed = (live, sentAt) => {
    clock.set(live.now_ms, sentAt);
    state.opensAt = live.opens_at_ms;
    state.closesAt = live.closes_at_ms;
    root.querySelectorAll('[data-countdown]').forEach((e) => { e.dataset.countdown = live.opens_at_ms; });
    if (['closed', 'cancelled', 'not_grab'].includes(live.state)) { enter('closed'); return; }
    if (live.state === 'paused') { pause(live.reason); return; }
    if (state.now === 'paused') { enter('waiting'); wake(); if (state.now === 'ready') tell(say('grab_resumed')); }
    showLeft(live);
  };

  const look = async () => {
    const sentAt = Date.now();
    const { liveUrl } = place();
    try {
      const live = await ask(liveUrl, {}, 5000);
      if (live.status === 200 && liveUrl === place().liveUrl && !isOver() && state.now !== 'sending') heed(live, sentAt);
    } catch (error) { tell(say('offline')); }
  };

  const pace = () => {
    const away = state.opensAt - clock.now();
    return jitter(Math.abs(away) < 15000 ? 1000 : 5000);
  };

  const watch = async () => {
    for (;;) {
      if (!isOver() && !document.hidden && state.now !== 'sending') await look();
      if (!isOver() && expiresSoon()) await takePass();
      await sleep(pace());
    }
  };

  const open = () => {
    if (state.now !== 'waiting') return;
    if (clock.now() >= state.closesAt) { enter('closed'); return; }
    enter('ready');
    tell(say('grab_open'));
    if (root.contains(document.activeElement) || document.activeElement === document.body) button.focus({ preventScroll: true });
  };

  const wake = () => {
    const left = state.opensAt - clock.now();
    if (left <= 0) open();
    else setTimeout(wake, Math.min(left, 1000));
  };

  /* --- the grab -------------------------------------------------------------------------------------------- */

  const order = () => {
    const seats = root.querySelector('[name=seats]');
    const wait = root.querySelector('[name=wait]');
    return JSON.stringify({ pass: state.pass.pass, seats: seats ? Number(seats.value) : 1, wait: wait ? wait.checked : true });
  };

  const isFinal = (said) => said.status < 500 && said.status !== 429 && (said.answer || said.status >= 400);

  /* The same pass is the idempotency key: asking again can never take a second ticket. */
  const post = async () => {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const said = await ask(place().grabUrl, { method: 'POST', headers: { 'X-Grab': order() } });
        if (isFinal(said)) return said;
      } catch (error) { /* no network or too slow: the same pass again */ }
      tell(say('grab_again', { n: tries }));
      await sleep(jitter(Math.min(400 * 2 ** (tries - 1), 6000)));
    }
    return { answer: 'try_again' };
  };

  const showResult = (said) => {
    const answer = said.answer === 'sold_out' && said.remaining ? 'too_few' : (said.answer || 'refused');
    const sheet = document.getElementById(root.dataset.sheet);
    sheet.dataset.answer = answer;
    sheet.querySelectorAll('[data-for]').forEach((e) => { e.hidden = !e.dataset.for.split(' ').includes(answer); });
    const shown = sheet.querySelector('[data-for]:not([hidden])');
    if (!shown) sheet.querySelector('[data-for~=refused]').hidden = false;
    sheet.querySelector('[data-result-title]').textContent = said.title || say('grab_unclear');
    sheet.querySelector('[data-result-text]').textContent = said.message || said.detail || say('grab_unclear_text');
    window.gonghui.openSheet(sheet.id);
  };

  const settle = (said) => {
    if (said.answer === 'won') enter('won');
    else if (said.answer === 'already' || said.answer === 'waiting') enter('already');
    else if (ANSWERS_OF_LOSS.includes(said.answer)) enter('sold_out');
    else if (said.answer === 'not_open') { enter('waiting'); look().then(wake); }
    else if (said.answer === 'paused') pause('');
    else if (said.answer === 'closed' || said.answer === 'cancelled') enter('closed');
    else enter('ready');
    if (['bad_pass', 'pass_expired', 'spent', 'key_conflict'].includes(said.answer)) state.pass = null;
    showResult(said);
  };

  const grab = async () => {
    if (['won', 'already'].includes(state.now)) { location.assign(root.dataset.ticketsUrl); return; }
    if (button.disabled) return;
    enter('sending');
    tell(say('grab_sending_text'));
    if (expiresSoon()) await takePass();
    if (isOver() || state.now === 'paused') return;
    if (!state.pass) { enter('ready'); tell(say('grab_no_pass')); return; }
    const said = await post();
    tell(said.title || '');
    settle(said);
    if (!isOver()) takePass();
  };

  const choose = () => {
    state.pass = null;
    state.asking = null;
    state.turn += 1;
    enter('waiting');
    tell('');
    look().then(wake);
    takePass();
  };

  const start = () => {
    const isPaused = part('paused') && !part('paused').hidden; // as the page was rendered
    enter('waiting');
    if (isPaused) pause('');
    wake();
    sleep(Math.random() * Math.min(20000, Math.max(0, (state.opensAt - clock.now()) / 3))).then(takePass);
    watch();
  };

  pools.forEach((pool) => pool.addEventListener('change', choose));
  button.addEventListener('click', (event) => { event.preventDefault(); grab(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && !isOver()) look(); });
  start();
})();
