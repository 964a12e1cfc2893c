/* [data-voucher]: the QR that changes every minute (kit/tokens.py is its twin) and the ring that shows the seconds left. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const MINUTE_MS = 60000;
  const MAC_CHARS = 10;
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

  const bytesOf = (hex) => hex.match(/../g).map((pair) => parseInt(pair, 16));

  const base32 = (bytes, length) => {
    let bits = 0; let held = 0; let text = '';
    for (let i = 0; text.length < length; i += 1) {
      held = (held << 8) | bytes[i]; bits += 8;
      while (bits >= 5) { bits -= 5; text += ALPHABET[(held >>> bits) & 31]; held &= (1 << bits) - 1; }
    }
    return text.slice(0, length);
  };

  gonghui.voucherText = (secretHex, code, atMs) => {
    const minute = Math.floor(atMs / MINUTE_MS);
    const mac = window.sha256.hmac.array(bytesOf(secretHex), `${code}.${minute}`);
    return `GH1.${code}.${minute}.${base32(mac, MAC_CHARS)}`;
  };

  const two = (n) => String(n).padStart(2, '0');
  const said = (ms) => {
    const at = new Date(ms + 8 * 3600000); // China's time, wherever the phone thinks it is
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  };

  const show = (root) => {
    const now = gonghui.clock.now();
    const left = 60 - Math.floor((now % MINUTE_MS) / 1000);
    const text = gonghui.voucherText(root.dataset.secret, root.dataset.code, now);
    if (root.dataset.shown !== text) {
      root.dataset.shown = text;
      gonghui.drawQr(root.querySelector('[data-qr-area]'), text);
    }
    const ring = root.querySelector('[data-ring]');
    if (ring) ring.setAttribute('stroke-dashoffset', String(60 - left));
    root.querySelectorAll('[data-seconds]').forEach((e) => { e.textContent = String(left); });
    root.querySelectorAll('[data-now]').forEach((e) => { e.textContent = said(now); });
  };

  const stayAwake = () => {
    if (!document.hidden && navigator.wakeLock) navigator.wakeLock.request('screen').catch(() => { /* low battery: the screen may sleep */ });
  };

  const vouchers = [...document.querySelectorAll('[data-voucher]')];
  if (!vouchers.length) return;
  const loop = () => { vouchers.forEach(show); setTimeout(loop, 1000 - (gonghui.clock.now() % 1000) + 4); };
  loop();
  stayAwake();
  document.addEventListener('visibilitychange', () => { stayAwake(); vouchers.forEach(show); });
})();
