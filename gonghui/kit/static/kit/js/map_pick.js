/* figure[data-pick]: a tap on the map writes the inputs latitude and longitude of the form around it; what is typed moves the mark. The
   fields are the truth, the map is a way to fill them in. */
(() => {
  const VIEW = 16;
  const pick = (figure) => {
    const { board } = figure;
    const form = figure.closest('form');
    const box = figure.closest('.map-pick');
    const words = JSON.parse(figure.dataset.words);
    const fields = ['latitude', 'longitude'].map((name) => form.querySelector(`input[name=${name}]`));
    if (!fields.every(Boolean)) return;
    let mark = null;

    const say = (text) => { box.querySelector('[data-pick-says]').textContent = text; };

    const typed = () => {
      const numbers = fields.map((field) => (field.value.trim() === '' ? NaN : Number(field.value)));
      return numbers.every(Number.isFinite) && Math.abs(numbers[0]) <= 90 && Math.abs(numbers[1]) <= 180 ? numbers : null;
    };

    const write = (place) => {
      fields.forEach((field, n) => { field.value = place[n].toFixed(6); });
      put();
      say(words.picked);
    };

    const put = () => {
      const place = typed();
      if (!place) return null;
      const at = board.at(place);
      if (mark) mark.setLatLng(at);
      else {
        mark = board.chosen(at);
        mark.on('dragend', () => write(board.from(mark.getLatLng())));
      }
      return at;
    };

    const follow = () => {
      const at = put();
      if (at) board.map.setView(at, Math.max(VIEW, board.map.getZoom()), { animate: false });
    };

    board.map.on('click', (event) => write(board.from(event.latlng)));
    fields.forEach((field) => field.addEventListener('change', follow));
    follow();

    const here = box.querySelector('[data-pick-here]');
    if (!navigator.geolocation) return;
    here.hidden = false;
    here.addEventListener('click', () => {
      here.setAttribute('aria-busy', 'true');
      const done = (text) => { here.removeAttribute('aria-busy'); say(text); };
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        write([coords.latitude, coords.longitude]);
        follow();
        done(words.picked);
      }, () => done(words.no_place), { timeout: 10000, enableHighAccuracy: true });
    });
  };

  document.querySelectorAll('[data-map][data-pick]').forEach((figure) => { if (figure.board) pick(figure); }); // map.js was faster
  document.addEventListener('map:ready', (event) => { if ('pick' in event.target.dataset) pick(event.target); });
  document.addEventListener('map:pin', (event) => { if ('pick' in event.target.dataset) event.preventDefault(); });
})();
