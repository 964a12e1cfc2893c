/* [data-pay-code]: asks for the next code before this one ends, keeps the screen awake, and says so when the network is gone. */
(() => {
  const root = document.querySelector('[data-pay-code]');
  if (!root) return;
  const clock = window.gonghui.clock;
  const part = (name) => root.querySelector(`[data-${name}]`);
  const RETRY_MS = 3000;
  let until = Number(root.dataset.until);
  let asking = 0;

  const show = (next) => {
    part('picture').src = next.picture;
    part('said').replaceChildren(...next.said.flatMap((text) => {
      const group = document.createElement('span');
      group.textContent = text;
      return [group, ' '];
    }));
    document.querySelector('[data-balance]').textContent = next.balance.toLocaleString('en-US');
    until = next.until;
  };

  const lost = (is) => {
    const note = part('offline');
    note.hidden = !is;
    note.textContent = is ? root.dataset.lost : '';
    part('picture').classList.toggle('off', is);
  };

  const ask = async () => {
    if (asking > Date.now()) return;
    asking = Date.now() + RETRY_MS;
    try {
      const answer = await fetch(root.dataset.payCode, { headers: { Accept: 'application/json' }, cache: 'no-store' });
      if (answer.status === 401) { window.location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
      lost(false);
    } catch { lost(clock.now() > until + 60000); }
  };

  const stayAwake = () => {
    if (!document.hidden && navigator.wakeLock) navigator.wakeLock.request('screen').catch(() => { /* low battery */ });
  };

  const tick = () => {
    const left = Math.ceil((until - clock.now()) / 1000);
    part('seconds').textContent = String(Math.max(0, left));
    if (left <= 0 && !document.hidden) ask();
  };

  part('tick').hidden = false;
  part('by-hand').hidden = true;
  tick();
  setInterval(tick, 1000);
  stayAwake();
  document.addEventListener('visibilitychange', () => { stayAwake(); if (!document.hidden) { asking = 0; ask(); } });
})();
