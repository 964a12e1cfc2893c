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
  const pack = gonghui.offlinePack(root.dataset, csrf, {
    turned: () => {},
    handed: (sums) => gonghui.toast(say('uploaded', sums)),
    changed: () => showState(),
  });

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
    redeemForm.elements.key.value = pack.newKey();
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
    const answer = await pack.reach(url, { method: 'POST', body: form, headers: { Accept: 'application/json', 'X-CSRFToken': csrf } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
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
  const lookOffline = (text) => {
    const held = pack.pack();
    if (!pack.left()) return refusal(say('offline_spent'));
    const code = pack.codeOf(text); const ticket = held.vouchers[code];
    if (!ticket) return pack.couponOf(code) ? refusal(say('coupon'), say('coupon_advice')) : refusal(say('unknown'), say('unknown_advice'));
    if (pack.isQr(text) && !pack.isGenuine(text, ticket.secret)) return refusal(say('stale'), say('stale_advice'));
    if (ticket.used || pack.isDone(code)) return refusal(say('used'));
    if (pack.now() < ticket.from) return refusal(say('too_early'));
    if (pack.now() >= ticket.until) return refusal(say('too_late'));
    const window_ = ticket.kind === 'exchange';
    return {
      tone: 'ok', word: say(window_ ? 'window' : 'gate'), title: ticket.title, seats: ticket.seats, text, code,
      verb: say(window_ ? 'hand_out' : 'let_in', { seats: ticket.seats }),
      facts: [[say('session'), ticket.label], [say('member'), ticket.name], [say('people'), say('people_n', { seats: ticket.seats })]],
    };
  };

  /* A tap whose answer was lost is asked again with its own key, so handing in late never counts twice. */
  const redeemOffline = () => {
    const text = redeemForm.elements.text.value; const again = lookOffline(text);
    if (!again.verb) return again;
    const arrived = Number(redeemForm.elements.arrived.value);
    pack.add({ key: redeemForm.elements.key.value, text, arrived });
    return { tone: 'ok', word: say('done'), title: say('done_title', { seats: arrived }), facts: again.facts };
  };

  const showState = () => {
    const note = $('offline-state'); const count = pack.waiting().length; const left = pack.left();
    note.hidden = !pack.isOut() && !count;
    if (note.hidden) return;
    if (!pack.isOut()) note.textContent = say(pack.isTheirs() ? 'theirs' : 'pending', { count });
    else note.textContent = left ? say('offline_ready', { minutes: left.minutes, left: left.count }) : say('offline_spent');
  };

  pack.keepUp();

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
