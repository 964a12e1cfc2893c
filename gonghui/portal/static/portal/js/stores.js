/* 惠工地图: the card of a tapped pin in a sheet, the map that follows the list, the way there and the address to copy. */
(() => {
  const sheet = document.getElementById('store-sheet');
  const figure = () => document.querySelector('[data-map]');
  const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent);
  let place = null;

  /* What only works with a script is offered only now, also in what was fetched later. */
  const equip = (within) => {
    if (navigator.clipboard) within.querySelectorAll('[data-copy]').forEach((button) => { button.hidden = false; });
    if (isApple) within.querySelectorAll('[data-route]').forEach((link) => { link.href = `maps:?daddr=${link.dataset.route}`; });
    const locate = document.querySelector('[data-map-locate]');
    const near = document.querySelector('[data-near]');
    if (!locate || !near || !navigator.geolocation) return;
    locate.hidden = false;
    locate.setAttribute('aria-pressed', near.getAttribute('aria-pressed'));
  };

  const card = async (address) => {
    const response = await fetch(address, { headers: place ? { 'X-Near': place.join(',') } : {}, credentials: 'same-origin' });
    if (!response.ok) throw new Error(String(response.status));
    return new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-store]');
  };

  const open = async (address) => {
    try {
      const found = await card(address);
      sheet.querySelector('[data-store-here]').replaceChildren(found);
      equip(sheet);
      if (!sheet.open) sheet.showModal();
    } catch (error) {
      window.gonghui.toast(sheet.dataset.failed);
    }
  };

  document.addEventListener('map:pin', (event) => {
    event.preventDefault();
    const own = document.querySelector('.page > .card [data-store]');
    if (own && own.dataset.store === String(event.detail.id)) { own.scrollIntoView({ block: 'nearest' }); return; }
    open(event.detail.address).then(() => event.target.board.raise(event.detail.id));
  });

  document.addEventListener('near', (event) => {
    place = event.detail.place ? event.detail.place.split(',').map(Number) : null;
    equip(document);
    const map = figure();
    if (!map) return;
    map.place = place;
    const { pins } = document.querySelector('[data-near-box]').dataset;
    if (map.board) map.board.ask(pins, place).catch(() => map.board.fail());
    else map.dataset.pinsUrl = pins;
  });

  document.addEventListener('click', (event) => {
    const locate = event.target.closest('[data-map-locate]');
    if (locate) { document.querySelector('[data-near]').click(); return; }
    const copy = event.target.closest('[data-copy]');
    if (!copy) return;
    navigator.clipboard.writeText(copy.dataset.copy)
      .then(() => window.gonghui.toast(sheet.dataset.copied), () => window.gonghui.toast(sheet.dataset.uncopied));
  });

  /* The pin of the row under the pointer or the keyboard; while a card is open, that of the card. */
  const raise = (event) => {
    const map = figure();
    const row = event.target.closest('[data-store-row]');
    if (map && map.board && !sheet.open) map.board.raise(row ? row.dataset.storeRow : '');
  };
  document.addEventListener('pointerover', raise);
  document.addEventListener('focusin', raise);

  equip(document);
})();
