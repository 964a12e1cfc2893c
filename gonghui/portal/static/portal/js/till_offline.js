/* The till without network: coupons of the offline pack, one amount, cash. till.js asks here while nobody answers. */
(() => {
  const form = document.querySelector('[data-till=typing]');
  if (!form) return;
  const gonghui = window.gonghui;
  const words = JSON.parse(document.getElementById('till-words').textContent);
  const say = (key, facts = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
  const $ = (id) => document.getElementById(id);
  const next = $('next'); const nextSays = next.textContent;
  const PAY_CODE_CHARS = 14; const PAY_CODE = /^GH[23]\./; const YUAN = /^(\d{1,7})(?:\.(\d{1,2})?)?$/;
  const start = [...$('quote').childNodes].map((part) => part.cloneNode(true));

  const pack = gonghui.offlinePack(form.dataset, form.querySelector('[name=csrfmiddlewaretoken]').value, {
    turned: (out) => turned(out),
    handed: (sums) => gonghui.toast(say('uploaded', sums)),
    changed: () => showState(),
  });

  /* --- what was typed --- */
  const plain = (text) => text.replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/[ ,¥￥元]/g, '').replace('。', '.');
  const fenOf = (text) => {
    const found = YUAN.exec(plain(text));
    return found ? Number(found[1]) * 100 + Number((found[2] || '').padEnd(2, '0')) : 0;
  };
  const typed = () => ({
    text: form.elements.customer.value.trim(),
    isLines: form.querySelector('[name=mode]:checked').value === 'lines',
    amount: fenOf(form.elements.amount.value),
    section: form.elements.section ? form.elements.section.value : '',
    family: form.elements.is_family.checked,
  });

  /* --- what it costs, or why it does not --- */
  const no = (key, facts) => ({ title: say(key, facts), advice: say(`${key}_advice`, facts) });

  const couponOf = (text) => {
    const held = pack.pack();
    if (!pack.left()) return no('spent');
    if (!text) return no('no_code');
    const code = pack.codeOf(text);
    if (PAY_CODE.test(text) || code.length === PAY_CODE_CHARS) return no('pay_code');
    const coupon = pack.couponOf(code);
    if (!coupon) return no(held.vouchers[code] ? 'ticket' : 'unknown');
    if (pack.isQr(text) && !pack.isGenuine(text, coupon.secret)) return no('stale');
    if (pack.isDone(code)) return no('used');
    if (pack.now() < coupon.from) return no('too_early');
    if (coupon.until !== null && pack.now() >= coupon.until) return no('too_late');
    return { code, coupon, offer: held.offers[coupon.offer] };
  };

  const priced = ({ text, amount, family, isLines }) => {
    const found = couponOf(text);
    if (found.title) return found;
    if (isLines) return no('lines');
    if (!amount) return { ...found, isOpen: true };
    const price = gonghui.offlinePrice(found.offer, amount, family);
    if (price.refused) return no(price.refused, { title: found.offer.title, missing: gonghui.yuan(price.missing || 0) });
    const { fen } = pack.left();
    if (price.funded > fen) return no('fen', { left: gonghui.yuan(Math.max(fen, 0)), funded: gonghui.yuan(price.funded) });
    return { ...found, price };
  };

  /* --- showing --- */
  const fill = (name, facts) => {
    const part = $(name).content.cloneNode(true);
    part.querySelectorAll('[data-part]').forEach((place) => {
      const text = facts[place.dataset.part] || '';
      place.textContent = text;
      (place.closest('[data-row]') || place).hidden = !text;
    });
    $('quote').replaceChildren(part);
    $('quote').dataset.shows = name;
  };

  const show = () => {
    const asked = typed();
    next.textContent = nextSays;
    if (!asked.text && !asked.amount) { fill('out-quote', { due: '0', sum: say('start') }); return; }
    const found = priced(asked);
    if (found.title) { fill('out-refused', found); return; }
    /* The QR lives a minute: seen once to be genuine, its code stands for it while the amount is typed. */
    if (pack.isQr(asked.text)) form.elements.customer.value = found.code;
    const { title, says } = found.offer;
    const facts = { who: found.coupon.name, title, says };
    if (found.isOpen) { fill('out-quote', { ...facts, due: '0', sum: say('type_amount') }); return; }
    const { due, off, gift } = found.price;
    fill('out-quote', { ...facts, due: gonghui.yuan(due), sum: say(off ? 'sum' : 'list', { list: gonghui.yuan(asked.amount), off: gonghui.yuan(off) }), gift: gift && say('gift', { gift }) });
    next.textContent = due ? say('take', { due: gonghui.yuan(due) }) : say('take_nothing');
  };

  const showDone = ({ coupon, offer, price: { due, gift } }) => {
    fill('out-done', { due: gonghui.yuan(due), title: offer.title, who: coupon.name, gift: gift && say('gift', { gift }), label: say(due ? 'done_take' : 'done_free') });
    next.textContent = nextSays;
    if (navigator.vibrate) navigator.vibrate(60);
  };

  const showState = () => {
    const note = $('offline-state'); const count = pack.waiting().length; const left = pack.left();
    note.hidden = !pack.isOut() && !count;
    if (note.hidden) return;
    if (!pack.isOut()) note.textContent = say(pack.isTheirs() ? 'theirs' : 'pending', { count });
    else note.textContent = left ? say('ready', { minutes: left.minutes, left: left.count, fen: gonghui.yuan(Math.max(left.fen, 0)) }) : say('spent');
  };

  const turned = (out) => {
    next.textContent = nextSays;
    const { shows } = $('quote').dataset; // what was sold stays to be read; a price is asked anew
    if (!out && shows && shows !== 'out-done') { $('quote').replaceChildren(...start.map((part) => part.cloneNode(true))); delete $('quote').dataset.shows; }
    form.dispatchEvent(new CustomEvent('till:turn'));
  };

  const sell = () => {
    const asked = typed(); const found = priced(asked);
    if (!found.price) { show(); return; }
    const { amount, section, family } = asked; const { due, funded } = found.price;
    pack.add({ key: pack.newKey(), text: found.code, amount, due, funded, section, family });
    ['customer', 'amount'].forEach((name) => { form.elements[name].value = ''; });
    form.elements.is_family.checked = false;
    showDone(found);
    $('quote').scrollIntoView({ block: 'nearest' });
  };

  gonghui.tillOffline = { isOut: pack.isOut, lost: pack.lost, reach: pack.reach, show, sell };
  const wanted = new URLSearchParams(window.location.search).get('customer');
  if (pack.isOut() && wanted && !form.elements.customer.value) form.elements.customer.value = wanted; // a kept page knows nothing of its address
  showState();
  if (pack.isOut()) show();
  pack.keepUp();
})();
