/* What a clerk's phone keeps for the time without network, by store: the pack, and what was done with it, tickets and sales;
   handed in as soon as there is a network. Kept again and again with the same key, it counts once. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const MINUTE_MS = 60000; const LEEWAY_MINUTES = 1; const FRESH_MS = 5 * MINUTE_MS; const OUT_MS = 30000; const NOT_YOURS = 403;
  const CODE = /^[0-9A-Z]{8}$/;
  const TIMEOUT_MS = 6000; const NO_SERVER = [502, 503, 504];

  const now = () => (gonghui.clock ? gonghui.clock.now() : Date.now());
  const newKey = () => (crypto.randomUUID ? crypto.randomUUID() : '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16)));
  const isQr = (text) => text.startsWith('GH1.');
  const codeOf = (text) => (isQr(text) ? text.split('.')[1] : text.toUpperCase().replace(/[^0-9A-Z]/g, ''));
  const ticket = ({ key, text, arrived, at }) => ({ key, text, arrived, at });
  const sale = ({ key, text, amount, due, at, section, family }) => ({ key, text, amount, due, at, section, family });

  /* PBKDF2: the phone holds no codes, only what is found by them (bills/offline.py: mark_of). */
  const marks = new Map();
  const markOf = (code, salt, rounds) => {
    if (marks.has(code)) return marks.get(code);
    const bytes = salt.match(/../g).map((pair) => parseInt(pair, 16));
    let block = window.sha256.hmac.array(code, [...bytes, 0, 0, 0, 1]);
    const mixed = [...block];
    for (let n = 1; n < rounds; n += 1) {
      block = window.sha256.hmac.array(code, block);
      block.forEach((byte, at) => { mixed[at] ^= byte; });
    }
    const mark = mixed.slice(0, 16).map((byte) => byte.toString(16).padStart(2, '0')).join('');
    marks.set(code, mark);
    return mark;
  };

  /* Fails when nobody answers, in time or at all; a refusal is an answer. */
  const reach = async (url, options = {}) => {
    const stop = new AbortController(); const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    let answer;
    try { answer = await fetch(url, { ...options, signal: stop.signal }); } catch { throw new TypeError('out'); } finally { clearTimeout(timer); }
    if (NO_SERVER.includes(answer.status)) throw new TypeError('out');
    return answer;
  };

  /* `place`: dataset of the page (store, pack, reconcile, handIn). `turned`: nobody answers any more, or somebody does again. */
  gonghui.offlinePack = (place, csrf, { turned, handed, changed }) => {
    const shelf = (name) => `gonghui-counter-${place.store}-${name}`;
    const keep = (name, value) => localStorage.setItem(shelf(name), JSON.stringify(value));
    const kept = (name, fallback) => { try { return JSON.parse(localStorage.getItem(shelf(name))) || fallback; } catch { return fallback; } };
    const pack = () => kept('pack', null);
    const done = () => kept('done', []);
    const waiting = () => done().filter((d) => !d.sent);
    const isTheirs = () => waiting().some((d) => d.theirs);

    /* What this pack may still do, before it must be fetched anew; null: nothing any more. */
    const left = () => {
      const held = pack();
      if (!held || now() > held.ends) return null;
      const own = done().filter((d) => d.pack === held.token);
      const count = held.most - own.length;
      const fen = (held.most_fen || 0) - own.reduce((all, d) => all + (d.funded || 0), 0);
      return count > 0 ? { count, fen, minutes: Math.max(0, Math.ceil((held.ends - now()) / MINUTE_MS)) } : null;
    };

    /* A changing QR is this minute's, drawn with the voucher's own secret. */
    const isGenuine = (text, secret) => {
      const minute = Number(text.split('.')[2]);
      const apart = Math.abs(Math.floor(now() / MINUTE_MS) - minute);
      return apart <= LEEWAY_MINUTES && gonghui.voucherText(secret, codeOf(text), minute * MINUTE_MS) === text;
    };

    const couponOf = (code) => {
      const held = pack();
      return held && held.salt && CODE.test(code) ? held.coupons[markOf(code, held.salt, held.rounds)] : undefined;
    };

    const isDone = (code) => done().some((d) => codeOf(d.text) === code);
    const add = (entry) => { keep('done', [...done(), { ...entry, at: Math.round(now()), pack: pack().token, sent: false }]); changed(); };

    const mark = (which, facts) => keep('done', done().map((d) => (which(d) ? { ...d, ...facts } : d)));

    const send = (url, body) => reach(url, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf } });

    /* One list of one pack; what another clerk left on this phone stays for them and holds up nobody. */
    const handInList = async (token, name, url, entries) => {
      if (!entries.length) return [];
      const answer = await send(url, { pack: token, [name]: entries });
      if (answer.status === NOT_YOURS) { mark((d) => d.pack === token, { theirs: true }); return []; }
      if (!answer.ok) throw new Error(String(answer.status));
      const settled = (await answer.json())[name];
      const known = new Set(settled.map((s) => s.key));
      mark((d) => known.has(d.key), { sent: true });
      return settled;
    };

    const handIn = async () => {
      const todo = waiting();
      const settled = [];
      for (const token of new Set(todo.map((d) => d.pack))) {
        const own = todo.filter((d) => d.pack === token);
        settled.push(...await handInList(token, 'scans', place.reconcile, own.filter((d) => !d.amount).map(ticket)));
        settled.push(...await handInList(token, 'sales', place.handIn, own.filter((d) => d.amount).map(sale)));
      }
      if (!settled.length) return false;
      const taken = settled.filter((s) => s.taken).length;
      handed({ taken, odd: settled.length - taken });
      return true;
    };

    /* Whether the server was asked. */
    const refresh = async (must) => {
      const held = pack();
      if (!must && held && now() - held.issued < FRESH_MS) return false;
      const answer = await reach(place.pack, { headers: { Accept: 'application/json' } });
      if (!answer.ok || answer.redirected) return true; // signed out
      keep('pack', await answer.json());
      keep('done', done().filter((d) => !d.sent));
      return true;
    };

    let isOut = !navigator.onLine;
    const turn = (out) => {
      const was = isOut;
      isOut = out;
      if (was !== out) turned(out);
      changed();
    };
    const keepUp = async () => {
      try {
        const isSent = await handIn();
        if (await refresh(isSent || isOut)) turn(false);
      } catch (error) { turn(error instanceof TypeError); /* asked again in half a minute */ }
      changed();
    };
    window.addEventListener('offline', () => turn(true));
    window.addEventListener('online', keepUp);
    setInterval(keepUp, OUT_MS);
    return { pack, left, waiting, isTheirs, couponOf, isDone, isGenuine, isQr, codeOf, add, now, newKey, reach, keepUp, isOut: () => isOut, lost: () => turn(true) };
  };
})();
