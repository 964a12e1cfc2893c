/* The server's time on this page, and every [data-countdown] (milliseconds since 1970) that runs on it. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const STORE = 'gonghui.clock.offset_ms';
  const UNITS = [['days', 86400], ['hours', 3600], ['minutes', 60], ['seconds', 1]];
  let offset = 0;

  const remember = () => { try { localStorage.setItem(STORE, String(Math.round(offset))); } catch (e) { /* private mode */ } };
  const remembered = () => { try { return Number(localStorage.getItem(STORE)) || 0; } catch (e) { return 0; } };

  /* A page from a cache has an empty data-server-now: then the offset of an earlier, fresh page serves. */
  const start = () => {
    const stamp = Number(document.documentElement.dataset.serverNow);
    if (!stamp) { offset = remembered(); return; }
    const [trip] = performance.getEntriesByType('navigation');
    const age = performance.now() - (trip ? trip.responseStart : 0); // since the page's first byte came
    offset = stamp + age - Date.now();
    remember();
  };

  const clock = {
    now: () => Date.now() + offset,
    /* `at` is the server's time in ms; `sentAt` when we asked, by our own clock: half the trip is taken off. */
    set(at, sentAt) {
      const received = Date.now();
      offset = at + (sentAt ? (received - sentAt) / 2 : 0) - received;
      remember();
      tick();
    },
    /* Accepts ms, seconds or ISO 8601. */
    ms(value) {
      if (typeof value === 'number') return value < 1e11 ? value * 1000 : value;
      return value ? Date.parse(value) : NaN;
    },
  };

  const two = (n) => String(n).padStart(2, '0');

  const parts = (left) => {
    let rest = left;
    const all = UNITS.map(([unit, size]) => { const n = Math.floor(rest / size); rest -= n * size; return [n, unit]; });
    return all[0][0] ? all : all.slice(1);
  };

  const plain = (left) => {
    const cells = parts(left);
    const days = cells.length === 4 && cells.shift();
    return (days ? `${days[0]}${gonghui.say('days')} ` : '') + cells.map(([n]) => two(n)).join(':');
  };

  const draw = (element, left) => {
    if (element.classList.contains('plain')) { element.textContent = plain(left); return; }
    const cells = parts(left);
    if (element.children.length !== cells.length) {
      element.replaceChildren(...cells.map(([, unit]) => {
        const cell = document.createElement('span');
        cell.append(document.createElement('b'), gonghui.say(unit));
        return cell;
      }));
    }
    cells.forEach(([n, unit], i) => {
      const digits = element.children[i].firstChild;
      const text = unit === 'days' ? String(n) : two(n);
      if (digits.textContent !== text) digits.textContent = text;
    });
  };

  let isHeard = document.readyState === 'complete'; // a time may be over before the scripts below this one listen

  const announce = (element) => {
    if (!isHeard || element.dataset.due) return;
    element.dataset.due = '1';
    element.dispatchEvent(new CustomEvent('gonghui:due', { bubbles: true }));
  };

  const run = (element) => {
    const left = Math.max(0, Math.ceil((Number(element.dataset.countdown) - clock.now()) / 1000));
    if (left === 0) announce(element);
    if (element.dataset.left === String(left)) return;
    element.dataset.left = left;
    draw(element, left);
    element.classList.toggle('soon', left <= 60);
  };

  const tick = () => document.querySelectorAll('[data-countdown]').forEach(run);
  const loop = () => { tick(); setTimeout(loop, 1000 - (clock.now() % 1000) + 4); };

  gonghui.clock = clock;
  start();
  loop();
  document.addEventListener('DOMContentLoaded', () => { isHeard = true; tick(); });
  document.addEventListener('visibilitychange', () => document.hidden || tick());
  document.addEventListener('htmx:afterSwap', tick);
})();
