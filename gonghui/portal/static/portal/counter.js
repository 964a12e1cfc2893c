/* The counter: camera or typed code → what to honour → one tap. Without network it honours from the offline pack, within the
   pack's time and count, and hands in what it did as soon as the network is back. */
(() => {
  const root = document.querySelector('[data-counter]');
  if (!root) return;
  const gonghui = window.gonghui;
  const words = JSON.parse(document.getElementById('counter-words').textContent);
  const say = (key, facts = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
  const $ = (id) => document.getElementById(id);
  const lookForm = $('look-form'); const redeemForm = $('redeem-form'); const camera = $('camera');
  const csrf = lookForm.querySelector('[name=csrfmiddlewaretoken]').value;
  const MINUTE_MS = 60000; const LEEWAY_MINUTES = 1; const PACK_FRESH_MS = 5 * MINUTE_MS; const TIMEOUT_MS = 6000;

  /* --- what is kept on this phone: the pack and what was honoured with it --- */
  const shelf = (name) => `gonghui-counter-${root.dataset.store}-${name}`;
  const keep = (name, value) => localStorage.setItem(shelf(name), JSON.stringify(value));
  const kept = (name, fallback) => { try { return JSON.parse(localStorage.getItem(shelf(name))) || fallback; } catch { return fallback; } };
  const now = () => (gonghui.clock ? gonghui.clock.now() : Date.now());
  const newKey = () => (crypto.randomUUID ? crypto.randomUUID() : '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16)));

  /* --- showing --- */
  const show = (found) => {
    const verdict = $('verdict-template').content.firstElementChild.cloneNode(true);
    verdict.classList.add(found.tone);
    verdict.querySelector('.word').textContent = found.word;
    verdict.querySelector('.big').textContent = found.title;
    const list = verdict.querySelector('dl');
    (found.facts || []).forEach(([label, value]) => {
      const dt = document.createElement('dt'); const dd = document.createElement('dd');
      dt.textContent = label; dd.textContent = value; list.append(dt, dd);
    });
    verdict.querySelector('.advice').textContent = found.advice || '';
    $('verdict').replaceChildren(verdict);
    $('viewfinder').hidden = true; $('pad-scan').hidden = true; $('again').hidden = false;
    redeemForm.hidden = !found.verb;
    if (found.verb) readyToRedeem(found); else $('again').focus();
    if (navigator.vibrate) navigator.vibrate(found.tone === 'ok' ? 60 : [80, 60, 80]);
  };

  const readyToRedeem = (found) => {
    const arrived = redeemForm.elements.arrived;
    redeemForm.elements.text.value = found.text || found.code;
    redeemForm.elements.key.value = newKey();
    arrived.max = found.seats; arrived.value = found.seats;
    arrived.dispatchEvent(new Event('change', { bubbles: true }));
    $('redeem-button').textContent = found.verb;
    $('redeem-button').focus();
  };

  const next = () => {
    $('verdict').replaceChildren();
    $('viewfinder').hidden = false; $('pad-scan').hidden = false; $('again').hidden = true; redeemForm.hidden = true;
    lookForm.elements.text.value = '';
    scanning = true;
    showState();
  };
  $('again').addEventListener('click', next);

  /* --- asking the server, or the pack when there is none --- */
  const post = async (url, form) => {
    const stop = new AbortController(); const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    try {
      const answer = await fetch(url, { method: 'POST', body: form, headers: { Accept: 'application/json', 'X-CSRFToken': csrf }, signal: stop.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      return await answer.json();
    } finally { clearTimeout(timer); }
  };

  const look = async (text) => {
    scanning = false;
    const form = new FormData(); form.set('text', text);
    try {
      const found = await post(root.dataset.look, form);
      if (found.go) { window.location.assign(found.go); return; } // its price is worked out at the till
      show({ ...found, text });
    } catch { show(lookOffline(text)); }
  };
  lookForm.addEventListener('submit', (event) => { event.preventDefault(); look(lookForm.elements.text.value); });

  redeemForm.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = $('redeem-button'); button.setAttribute('aria-busy', 'true'); button.disabled = true;
    try { show(await post(root.dataset.redeem, new FormData(redeemForm))); } catch { show(redeemOffline()); }
    button.removeAttribute('aria-busy'); button.disabled = false;
  });

  /* --- without network --- */
  const refusal = (title, advice = '') => ({ tone: 'no', word: say('refused'), title, advice });
  const codeOf = (text) => (text.startsWith('GH1.') ? text.split('.')[1] : text.toUpperCase().replace(/[^0-9A-Z]/g, ''));
  const spent = (pack) => now() > pack.ends || kept('done', []).filter((d) => d.pack === pack.token).length >= pack.most;

  const lookOffline = (text) => {
    const pack = kept('pack', null);
    if (!pack || spent(pack)) return refusal(say('offline_spent'));
    const code = codeOf(text); const ticket = pack.vouchers[code];
    if (!ticket) return refusal(say('unknown'), say('unknown_advice'));
    if (text.startsWith('GH1.')) {
      const minute = Number(text.split('.')[2]);
      const genuine = gonghui.voucherText(ticket.secret, code, minute * MINUTE_MS) === text;
      if (!genuine || Math.abs(Math.floor(now() / MINUTE_MS) - minute) > LEEWAY_MINUTES) return refusal(say('stale'), say('stale_advice'));
    }
    if (ticket.used || kept('done', []).some((d) => codeOf(d.text) === code)) return refusal(say('used'));
    if (now() < ticket.from) return refusal(say('too_early'));
    if (now() >= ticket.until) return refusal(say('too_late'));
    const window_ = ticket.kind === 'exchange';
    return {
      tone: 'ok', word: say(window_ ? 'window' : 'gate'), title: ticket.title, seats: ticket.seats, text, code,
      verb: say(window_ ? 'hand_out' : 'let_in', { seats: ticket.seats }),
      facts: [[say('session'), ticket.label], [say('member'), ticket.name], [say('people'), say('people_n', { seats: ticket.seats })]],
    };
  };

  const redeemOffline = () => {
    const text = redeemForm.elements.text.value; const again = lookOffline(text); const pack = kept('pack', null);
    if (!again.verb) return again;
    const arrived = Number(redeemForm.elements.arrived.value);
    keep('done', [...kept('done', []), { key: redeemForm.elements.key.value, text, arrived, at: Math.round(now()), pack: pack.token, sent: false }]);
    showState();
    return { tone: 'ok', word: say('done'), title: say('done_title', { seats: arrived }), facts: again.facts };
  };

  /* A tap whose answer was lost is asked again with its own key, so handing in late never counts twice. */
  const handIn = async () => {
    const waiting = kept('done', []).filter((d) => !d.sent);
    if (!waiting.length || !navigator.onLine) return;
    let taken = 0; let odd = 0;
    for (const pack of new Set(waiting.map((d) => d.pack))) {
      const scans = waiting.filter((d) => d.pack === pack).map(({ key, text, arrived, at }) => ({ key, text, arrived, at }));
      const answer = await fetch(root.dataset.reconcile, { method: 'POST', body: JSON.stringify({ pack, scans }), headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf } });
      if (!answer.ok) return;
      const settled = (await answer.json()).scans;
      taken += settled.filter((s) => s.taken).length; odd += settled.filter((s) => !s.taken).length;
      const known = new Set(settled.map((s) => s.key));
      keep('done', kept('done', []).map((d) => (known.has(d.key) ? { ...d, sent: true } : d)));
    }
    gonghui.toast(say('uploaded', { taken, odd }));
    await freshPack(true);
  };

  const freshPack = async (must = false) => {
    const pack = kept('pack', null);
    if (!must && pack && now() - pack.issued < PACK_FRESH_MS) return;
    const answer = await fetch(root.dataset.pack, { headers: { Accept: 'application/json' } });
    if (!answer.ok) return;
    keep('pack', await answer.json());
    keep('done', kept('done', []).filter((d) => !d.sent));
  };

  const showState = () => {
    const note = $('offline-state'); const pack = kept('pack', null);
    const waiting = kept('done', []).filter((d) => !d.sent).length;
    note.hidden = navigator.onLine && !waiting;
    if (note.hidden) return;
    if (navigator.onLine) { note.textContent = say('pending', { count: waiting }); return; }
    const used = pack ? kept('done', []).filter((d) => d.pack === pack.token).length : 0;
    note.textContent = !pack || spent(pack) ? say('offline_spent')
      : say('offline_ready', { minutes: Math.max(0, Math.ceil((pack.ends - now()) / MINUTE_MS)), left: pack.most - used });
  };

  const keepUp = async () => {
    try { await handIn(); await freshPack(); } catch { /* no network after all; asked again in half a minute */ }
    showState();
  };
  window.addEventListener('online', keepUp);
  window.addEventListener('offline', showState);
  setInterval(keepUp, MINUTE_MS / 2);
  keepUp();

  /* --- the camera --- */
  let scanning = !$('viewfinder').hidden;
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const READ_PX = 640;

  const readFrame = () => {
    if (scanning && camera.videoWidth) {
      const scale = Math.min(1, READ_PX / Math.max(camera.videoWidth, camera.videoHeight));
      canvas.width = camera.videoWidth * scale; canvas.height = camera.videoHeight * scale;
      pen.drawImage(camera, 0, 0, canvas.width, canvas.height);
      const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
      const qr = window.jsQR(data, width, height, { inversionAttempts: 'dontInvert' });
      if (qr && qr.data) look(qr.data);
    }
    setTimeout(readFrame, scanning ? 120 : 400);
  };

  const startCamera = async () => {
    try {
      camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } });
      await camera.play();
      readFrame();
    } catch { $('say').textContent = say('no_camera'); }
  };
  startCamera();
  document.querySelectorAll('[data-submit-on-change]').forEach((field) => field.addEventListener('change', () => field.form.submit()));
})();
