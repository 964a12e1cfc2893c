/* What one coupon costs on one amount, worked out as bills/pricing does it: the same figures to the fen, and
   test_till_offline_browser.py compares them. Whole fen only; `offer` is bills/offline.py: offer_facts. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const whole = (number, by) => (number - (number % by)) / by;
  const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

  const OFF = {
    threshold_off: ({ threshold, off, repeat }, amount) => {
      if (!threshold) return off;
      const times = whole(amount, threshold);
      return off * (repeat ? Math.min(times, repeat) : times);
    },
    percent: ({ rate }, amount) => amount - whole(amount * rate, 1000),
    fixed_price: ({ price }, amount) => Math.max(amount - price, 0),
    free: (offer, amount) => amount,
  };

  const wantedOff = (offer, amount) => {
    if (offer.form === 'gift') return offer.price;
    const off = OFF[offer.form](offer, amount);
    return Math.min(off, amount, offer.cap === null ? off : offer.cap);
  };

  /* What each share is asked for: fixed and permille parts first, the one that takes the rest gets what they leave. */
  const asked = (off, shares) => {
    let open = off; let rest = shares.length - 1;
    const fens = shares.map((share, n) => {
      if (share.rest) { rest = n; return 0; }
      const fen = Math.min(share.fixed || whole(off * share.permille, 1000), open);
      open -= fen;
      return fen;
    });
    fens[rest] += open;
    return fens;
  };

  /* What each gives within its own most; null where one who is short refuses. */
  const split = (off, shares) => {
    let carried = 0;
    const fens = [];
    for (const [n, fen] of asked(off, shares).entries()) {
      const { max, when } = shares[n];
      const wanted = fen + carried;
      const given = max === null ? wanted : Math.min(wanted, max);
      fens.push(given);
      if (given < wanted && when === 'refuse') return null;
      carried = when === 'next' ? wanted - given : 0;
    }
    return carried ? null : fens;
  };

  /* {due, off, funded, gift}, all but the last in fen; `funded`: what is not the merchant's own. Or {refused, missing}. */
  gonghui.offlinePrice = (offer, amount, isFamily = false) => {
    if (isFamily && !offer.family) return { refused: 'family' };
    if (amount < offer.threshold) return { refused: 'threshold', missing: offer.threshold - amount };
    const isGift = offer.form === 'gift';
    const off = wantedOff(offer, amount);
    if (!off && !isGift) return { refused: 'nothing' };
    const fens = split(off, offer.shares) || [];
    const given = sum(fens);
    if (isGift ? given < off : !given) return { refused: 'money' };
    const due = isGift ? amount : amount - given;
    if (offer.basis === 'after' && due < offer.threshold) return { refused: 'threshold', missing: offer.threshold - due };
    const funded = sum(fens.filter((fen, n) => offer.shares[n].payer !== 'merchant'));
    return { due, off: amount - due, funded, gift: offer.gift };
  };

  /* 125000 → 1,250, 1250 → 12.50: as kit's yuan writes it. */
  gonghui.yuan = (fen) => {
    const rest = fen % 100;
    const text = String(whole(fen, 100)).replace(/\B(?=(\d{3})+$)/g, ',');
    return rest ? `${text}.${String(rest).padStart(2, '0')}` : text;
  };
})();
