/* The till: a keypad, the camera, and the figure above kept up to date while one types. Without it the form works in two steps. */
(() => {
  const form = document.querySelector('[data-till]');
  if (!form) return;
  const words = JSON.parse(document.getElementById('till-words').textContent);
  const $ = (id) => document.getElementById(id);
  const isTyping = form.dataset.till === 'typing';
  const WAIT_MS = 350;
  let timer = 0;
  let turn = 0;

  /* --- the price, asked again after every change; an answer that comes late is dropped --- */
  const out = window.gonghui.tillOffline; // the first step has one; what is to be confirmed needs the network
  const isOut = () => (out ? out.isOut() : !navigator.onLine);
  const offline = (is) => {
    const quote = $('quote');
    quote.dataset.offline = is ? words.offline : '';
    if (is) quote.setAttribute('title', words.offline); else quote.removeAttribute('title');
  };

  /* A pay code was read: from here on the page keeps the till's ticket for it, which outlives the code. */
  const keepTicket = (page) => {
    const box = $('customer-box');
    const fresh = page.getElementById('customer-box');
    if (box && fresh && fresh.querySelector('[data-held]') && !box.querySelector('[data-held]')) box.replaceWith(document.importNode(fresh, true));
  };

  const lost = () => {
    if (!out) { offline(true); return; }
    out.lost();
  };

  const ask = async () => {
    turn += 1;
    const mine = turn;
    if (out && out.isOut()) { out.show(); return; }
    const body = new FormData(form);
    if (isTyping && !['amount', 'price', 'line_code'].some((name) => body.getAll(name).some(Boolean))) return;
    $('quote').setAttribute('aria-busy', 'true');
    try {
      const answer = await (out ? out.reach : fetch)(form.dataset.quote || form.action, { method: 'POST', body, headers: { 'X-Live': form.dataset.till } });
      const said = await answer.text();
      if (mine !== turn) return;
      const page = new DOMParser().parseFromString(said, 'text/html');
      document.querySelectorAll('[data-live]').forEach((part) => {
        const fresh = page.getElementById(part.id);
        if (fresh) part.replaceWith(document.importNode(fresh, true));
      });
      keepTicket(page);
      offline(false);
      form.dispatchEvent(new CustomEvent('till:answered', { detail: page }));
    } catch { if (mine === turn) lost(); }
    $('quote').removeAttribute('aria-busy');
  };

  const soon = (event) => {
    if (event && event.target.name === 'line_code') return; // half a code is none: till_rows.js asks when it is whole
    clearTimeout(timer); timer = setTimeout(ask, WAIT_MS);
  };
  form.addEventListener('input', soon);
  form.addEventListener('change', soon);
  form.addEventListener('till:turn', ask);
  /* A second tap on the same button sends nothing; the key of the form is the same anyway. */
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (isOut()) {
      event.preventDefault();
      clearTimeout(timer); turn += 1;
      if (out) out.sell(); else offline(true);
      return;
    }
    form.dataset.sent = '1';
    clearTimeout(timer); turn += 1;
    if (event.submitter) event.submitter.setAttribute('aria-busy', 'true');
  });
  window.addEventListener('pageshow', (event) => { if (event.persisted) { delete form.dataset.sent; form.querySelectorAll('[aria-busy]').forEach((b) => b.removeAttribute('aria-busy')); } });

  /* --- points: the slider, the number and two shortcuts are one value --- */
  const points = $('points');
  if (points) {
    const slide = $('points-slide');
    const set = (value, from) => {
      const whole = Math.max(0, Math.min(Number(points.max), Math.round(Number(value) || 0)));
      if (from !== points) points.value = whole;
      if (from !== slide) slide.value = whole;
    };
    slide.hidden = false;
    slide.addEventListener('input', () => set(slide.value, slide));
    points.addEventListener('input', () => set(points.value, points));
    form.querySelectorAll('[data-points]').forEach((button) => {
      button.hidden = false;
      button.addEventListener('click', () => { set(button.dataset.points); soon(); });
    });
  }
  if (!isTyping) return;

  /* --- amount or lines --- */
  const amount = $('amount');
  const mode = () => form.querySelector('[name=mode]:checked').value;
  const showMode = () => form.querySelectorAll('[data-mode]').forEach((part) => { part.hidden = part.dataset.mode !== mode(); });
  form.querySelectorAll('[name=mode]').forEach((field) => field.addEventListener('change', showMode));
  showMode();

  const press = (key) => {
    const now = amount.value;
    if (key === 'back') amount.value = now.slice(0, -1);
    else if (key === '.') { if (!now.includes('.')) amount.value = `${now || '0'}.`; }
    else if (!/\.\d\d$/.test(now) && now.length < 10) amount.value = (now === '0' ? '' : now) + key;
    soon();
  };
  $('keypad').hidden = false;
  $('keypad').addEventListener('click', (event) => {
    const button = event.target.closest('[data-key]');
    if (button) press(button.dataset.key);
  });
  if (window.matchMedia('(pointer: coarse)').matches) amount.inputMode = 'none'; // our keypad stands below; the phone's would cover it

  const rows = window.gonghui.tillRows(form, ask, (name) => window.gonghui.toast(words.once_more.replace('{name}', name)));

  /* --- the camera: a member's code, or an article's --- */
  const scan = $('scan');
  const customer = $('customer');
  const camera = $('camera');
  const finder = $('viewfinder');
  const READ_PX = 640;
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  let stream = null;
  let seen = null;

  const stop = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null; finder.hidden = true; $('quote').hidden = false;
  };

  const read = () => {
    if (!stream) return;
    if (camera.videoWidth) {
      const scale = Math.min(1, READ_PX / Math.max(camera.videoWidth, camera.videoHeight));
      canvas.width = camera.videoWidth * scale; canvas.height = camera.videoHeight * scale;
      pen.drawImage(camera, 0, 0, canvas.width, canvas.height);
      const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
      const text = seen.reads(data, width, height);
      if (text) {
        stop();
        if (navigator.vibrate) navigator.vibrate(60);
        seen.got(text);
        return;
      }
    }
    setTimeout(read, 120);
  };

  const qrOf = (data, width, height) => (window.jsQR(data, width, height, { inversionAttempts: 'dontInvert' }) || {}).data;
  const member = {
    aim: words.aim,
    reads: qrOf,
    got: (text) => {
      customer.value = text;
      if (isOut()) { ask(); return; }
      /* The code lives a minute: the server exchanges it for a ticket before the amount is typed. */
      const edit = document.createElement('input');
      edit.type = 'hidden'; edit.name = 'edit'; edit.value = '1';
      form.append(edit);
      form.requestSubmit();
    },
  };
  const article = {
    aim: words.aim_article,
    reads: (...picture) => window.gonghui.readBarcode(...picture) || qrOf(...picture),
    got: (text) => rows.scanned(text),
  };

  const offer = (button, what) => {
    if (!button || !navigator.mediaDevices) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      if (stream) { stop(); return; }
      seen = what; $('say').textContent = what.aim;
      finder.hidden = false; $('quote').hidden = true; finder.scrollIntoView({ block: 'nearest' });
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } });
        camera.srcObject = stream;
        await camera.play();
        read();
      } catch { $('say').textContent = words.no_camera; }
    });
  };
  offer(scan, member);
  offer($('scan-article'), article);
  document.querySelectorAll('[data-submit-on-change]').forEach((field) => field.addEventListener('change', () => field.form.submit()));
})();
