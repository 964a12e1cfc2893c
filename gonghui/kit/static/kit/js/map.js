/* figure[data-map]: pins on ground of our own, or on tiles where a place has named some. Leaflet is the engine; it is fetched when the map
   comes into sight. Pins: {url, pins: [[id, latitude, longitude, icon, usable now, name, says]]}, the most wanted first.
   A tapped pin is told as the event `map:pin`; whoever does not listen is led to its address. */
(() => {
  const first = document.querySelector('[data-map]');
  if (!first) return;
  const words = JSON.parse(first.dataset.words);
  const RINGS_M = [500, 1000, 3000];
  const STEPS_M = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000];
  const DEGREE_M = 111320;
  const EARTH_M = 40075016.7;
  const AROUND_M = 1250;
  const TOGETHER_M = 6000;
  const CELL_DEGREES = 0.02;
  const LABEL_MAX = 8;
  const MARKS_MAX = 48;
  const APART_PX = 200;
  const NOWHERE = [30, 112];
  const BEARINGS = [0, 180, 90, 270, 45, 315, 135, 225];
  const SVG = 'http://www.w3.org/2000/svg';
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  let engine = null;

  const load = (figure) => {
    if (engine) return engine;
    engine = new Promise((done, failed) => {
      const look = document.createElement('link');
      look.rel = 'stylesheet';
      look.href = figure.dataset.look;
      const script = document.createElement('script');
      script.src = figure.dataset.engine;
      script.onload = () => done(window.L);
      look.onload = () => document.head.append(script);
      [look, script].forEach((file) => { file.onerror = failed; });
      document.head.prepend(look);
    });
    return engine;
  };

  /* Chinese tiles are drawn in GCJ-02, a few hundred metres off what phones say (WGS 84). */
  const AXIS = 6378245;
  const ECCENTRIC = 0.00669342162296594323;
  const wave = (x, y) => (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3) + y;
  const shift = ([latitude, longitude]) => {
    const x = longitude - 105;
    const y = latitude - 35;
    const root = Math.sqrt(Math.abs(x));
    const third = (a, b) => (20 * Math.sin(a * Math.PI) + 40 * Math.sin((a / 3) * Math.PI)) * (2 / 3) + b;
    let north = wave(x, -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root) + third(y, 0);
    north += (160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * (2 / 3);
    let east = wave(x, 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root) + third(x, 0);
    east += (150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * (2 / 3);
    const angle = (latitude / 180) * Math.PI;
    const bend = 1 - ECCENTRIC * Math.sin(angle) ** 2;
    north = (north * 180) / (((AXIS * (1 - ECCENTRIC)) / (bend * Math.sqrt(bend))) * Math.PI);
    east = (east * 180) / ((AXIS / Math.sqrt(bend)) * Math.cos(angle) * Math.PI);
    return [latitude + north, longitude + east];
  };
  const unshift = (place) => {
    let found = place;
    for (let n = 0; n < 4; n += 1) {
      const moved = shift(found);
      found = [found[0] + place[0] - moved[0], found[1] + place[1] - moved[1]];
    }
    return found;
  };

  const say = (key, facts = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => facts[name]);
  const said = (metres) => (metres < 1000 ? say('metres', { n: metres }) : say('kilometres', { n: metres / 1000 }));
  const css = getComputedStyle(document.documentElement);
  const [tapPx, pinPx] = ['--tap', '--map-pin'].map((name) => parseFloat(css.getPropertyValue(name)));
  const letterPx = parseFloat(css.getPropertyValue('--t-sm')) * parseFloat(css.fontSize);
  const widthOf = (text) => [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? letterPx : letterPx * 0.6), 10);
  const short = (text) => ([...text].length > LABEL_MAX ? `${[...text].slice(0, LABEL_MAX).join('')}…` : text);
  const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
  const isWithin = (a, { x, y }) => a[0] >= 0 && a[1] >= 0 && a[2] <= x && a[3] <= y;

  const sign = (sprite, name) => {
    const svg = document.createElementNS(SVG, 'svg');
    const use = document.createElementNS(SVG, 'use');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', `${sprite}#${name}`);
    svg.append(use);
    return svg;
  };

  const span = (css, ...inside) => {
    const element = document.createElement('span');
    element.className = css;
    element.append(...inside);
    return element;
  };

  const failed = (figure) => {
    const line = figure.querySelector('[data-map-note]');
    line.textContent = say('failed');
    line.hidden = false;
  };

  class Board {
    constructor(figure, L) {
      Object.assign(this, { figure, L, pins: [], rings: [], streets: [], marks: new Map(), place: null, url: '' });
      this.isShifted = figure.dataset.datum === 'gcj02';
      const ground = figure.querySelector('[data-map-ground]');
      const isSmall = figure.classList.contains('small');
      this.map = L.map(ground, {
        zoomControl: false, attributionControl: false, scrollWheelZoom: !isSmall, zoomSnap: figure.dataset.tiles ? 1 : 0.1, minZoom: 5, maxZoom: 19,
        zoomAnimation: !calm, fadeAnimation: !calm, markerZoomAnimation: !calm,
        maxBounds: [[-5, 60], [60, 150]], renderer: L.svg({ padding: 0.6 }),
      });
      this.map.createPane('paper').style.zIndex = 150;
      this.paper = L.layerGroup().addTo(this.map);
      this.around = L.layerGroup().addTo(this.map);
      if (figure.dataset.tiles) L.tileLayer(figure.dataset.tiles, { maxZoom: 19 }).addTo(this.map);
      else this.map.on('moveend', () => this.rule());
      this.map.on('moveend', () => { this.measure(); this.draw(); });
      figure.querySelectorAll('[data-map-zoom]').forEach((button) => button.addEventListener('click', () => this.map.zoomIn(Number(button.dataset.mapZoom))));
      new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(ground);
    }

    at([latitude, longitude]) { return this.L.latLng(this.isShifted ? shift([latitude, longitude]) : [latitude, longitude]); }

    from(point) { return this.isShifted ? unshift([point.lat, point.lng]) : [point.lat, point.lng]; }

    metre() { return EARTH_M * Math.cos((this.map.getCenter().lat * Math.PI) / 180) / 2 ** (this.map.getZoom() + 8); }

    /* Squared paper: lines a round distance apart, so that the eye can measure. */
    rule() {
      const { L, map } = this;
      const bounds = map.getBounds().pad(0.6);
      const step = STEPS_M.find((metres) => metres / this.metre() >= 44) || STEPS_M[STEPS_M.length - 1];
      const down = step / DEGREE_M;
      const across = down / Math.cos((Math.round(map.getCenter().lat) * Math.PI) / 180);
      const renderer = (this.ink = this.ink || L.svg({ padding: 0.6, pane: 'paper' }));
      const lines = [];
      const line = (ends, n) => lines.push(L.polyline(ends, { interactive: false, renderer, pane: 'paper', weight: 1, className: n % 5 ? 'map-line' : 'map-line strong' }));
      for (let n = Math.ceil(bounds.getSouth() / down); n * down < bounds.getNorth(); n += 1) line([[n * down, bounds.getWest()], [n * down, bounds.getEast()]], n);
      for (let n = Math.ceil(bounds.getWest() / across); n * across < bounds.getEast(); n += 1) line([[bounds.getSouth(), n * across], [bounds.getNorth(), n * across]], n);
      this.paper.clearLayers();
      lines.forEach((one) => this.paper.addLayer(one));
    }

    measure() {
      const metres = [...STEPS_M].reverse().find((one) => one / this.metre() <= 110) || STEPS_M[0];
      this.figure.querySelector('[data-map-length]').textContent = said(metres);
      this.figure.querySelector('[data-map-rule]').style.width = `${Math.round(metres / this.metre())}px`;
    }

    /* Where the reader stands, with rings. */
    stand() {
      const { L } = this;
      if (!this.place) return;
      const centre = this.at(this.place);
      [...RINGS_M].reverse().forEach((radius) => this.around.addLayer(L.circle(centre, { radius, interactive: false, weight: 1.5, className: 'map-ring' })));
      this.rings = RINGS_M.map((radius) => ({ radius, centre, mark: this.word('map-ring-name', said(radius), centre) }));
      const here = L.marker(centre, { interactive: false, keyboard: false, zIndexOffset: 600, icon: L.divIcon({ className: 'map-here', html: span('map-dot'), iconSize: [20, 20] }) });
      this.around.addLayer(here);
      here.getElement().setAttribute('role', 'img');
      here.getElement().setAttribute('aria-label', say('here'));
    }

    /* Text on the ground, under the pins. */
    word(css, text, at) {
      const icon = this.L.divIcon({ className: css, html: span('num', text), iconSize: [0, 0] });
      const mark = this.L.marker(at, { interactive: false, keyboard: false, zIndexOffset: -500, icon });
      this.around.addLayer(mark);
      mark.getElement().setAttribute('aria-hidden', 'true');
      return mark;
    }

    show(found, place = null) {
      Object.assign(this, { place, url: found.url, rings: [], streets: [] });
      this.pins = found.pins.map(([id, latitude, longitude, icon, usable, name, says]) => ({ id, icon, usable, name, says, at: this.at([latitude, longitude]) }));
      this.around.clearLayers();
      this.look();
      this.stand();
      if (!this.figure.dataset.tiles) this.streets = (found.streets || []).map(([name, ...places]) => this.street(name, places.map((one) => this.at(one))));
      this.draw();
    }

    street(name, places) { return { name, places, mark: this.word('map-street', name, places[0]) }; }

    /* What is worth seeing first: what is around the reader, else where most stores stand together. */
    look() {
      const { L, map } = this;
      if (this.place) {
        const near = this.at(this.place).toBounds(2200);
        map.fitBounds(near, { animate: false });
      } else if (this.pins.length) {
        const aside = this.figure.classList.contains('small') ? tapPx + 28 : 30;
        const bounds = L.latLngBounds(this.together().map((pin) => pin.at));
        map.fitBounds(bounds, { animate: false, paddingTopLeft: [30, tapPx + 30], paddingBottomRight: [aside, 30], maxZoom: 16 });
      } else if (!map._loaded) map.setView(NOWHERE, 6, { animate: false });
    }

    together() {
      const { L } = this;
      const all = L.latLngBounds(this.pins.map((pin) => pin.at));
      if (all.getNorthEast().distanceTo(all.getSouthWest()) < TOGETHER_M) return this.pins;
      const cells = new Map();
      const cellOf = ({ at }) => `${Math.round(at.lat / CELL_DEGREES)},${Math.round(at.lng / CELL_DEGREES)}`;
      this.pins.forEach((pin) => (cells.get(cellOf(pin)) || cells.set(cellOf(pin), []).get(cellOf(pin))).push(pin));
      const [busy] = [...cells.values()].sort((a, b) => b.length - a.length);
      const middle = L.latLngBounds(busy.map((pin) => pin.at)).getCenter();
      const near = this.pins.filter((pin) => pin.at.distanceTo(middle) < AROUND_M);
      return near.length ? near : busy;
    }

    gathered(closePx) {
      const cells = new Map();
      const groups = [];
      this.pins.forEach((pin) => {
        const point = this.map.project(pin.at);
        const [column, row] = [Math.floor(point.x / closePx), Math.floor(point.y / closePx)];
        let home = null;
        for (let x = column - 1; x <= column + 1; x += 1) {
          for (let y = row - 1; y <= row + 1; y += 1) {
            home = home || (cells.get(`${x},${y}`) || []).find((group) => group.point.distanceTo(point) < closePx);
          }
        }
        if (home) { home.pins.push(pin); return; }
        const group = { point, at: pin.at, pins: [pin] };
        groups.push(group);
        (cells.get(`${column},${row}`) || cells.set(`${column},${row}`, []).get(`${column},${row}`)).push(group);
      });
      return groups;
    }

    /* As many marks as can be told apart: of more, the farther ones gather too. Those that stay are left alone, so that the keyboard does
       not lose its place. */
    draw() {
      if (!this.map._loaded) return;
      const seen = this.map.getBounds().pad(0.12);
      let wanted = [];
      for (let closePx = pinPx - 2; closePx < APART_PX; closePx *= 1.5) {
        wanted = this.gathered(closePx).filter((group) => seen.contains(group.at));
        if (wanted.length <= MARKS_MAX) break;
      }
      const keyOf = (group) => group.pins.map((pin) => pin.id).join('+');
      const keys = new Set(wanted.map(keyOf));
      this.marks.forEach((mark, key) => { if (!keys.has(key)) { mark.remove(); this.marks.delete(key); } });
      wanted.forEach((group) => {
        const key = keyOf(group);
        if (!this.marks.has(key)) this.marks.set(key, group.pins.length > 1 ? this.bunch(group) : this.pin(group.pins[0]));
      });
      this.name(wanted.map((group) => [group, this.marks.get(keyOf(group))]));
      if (this.awaited) {
        const found = [...this.marks].find(([key]) => key.split('+').includes(String(this.awaited)));
        this.awaited = null;
        if (found) found[1].getElement().focus();
      }
    }

    mark(at, html, label, act) {
      const { L } = this;
      const size = [tapPx, tapPx + 4];
      const mark = L.marker(at, { icon: L.divIcon({ className: 'map-mark', html, iconSize: size, iconAnchor: [size[0] / 2, size[1] - 4] }), riseOnHover: true }).addTo(this.map);
      const element = mark.getElement();
      element.setAttribute('aria-label', label);
      mark.on('click', act);
      element.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        event.stopPropagation();
        act();
      });
      return mark;
    }

    pin(pin) {
      const body = span(`map-pin${pin.usable ? ' open' : ''}`, sign(this.figure.dataset.sprite, pin.icon));
      const html = document.createElement('div');
      html.append(body, span('map-name', short(pin.name)));
      const label = say(pin.usable ? 'pin' : 'pin_later', { name: pin.name, says: pin.says });
      const mark = this.mark(pin.at, html, label, () => this.tell(pin));
      mark.getElement().dataset.pin = pin.id;
      return mark;
    }

    tell(pin) {
      const address = `${this.url}${pin.id}`;
      const event = new CustomEvent('map:pin', { bubbles: true, cancelable: true, detail: { id: pin.id, name: pin.name, address } });
      if (this.figure.dispatchEvent(event) && this.url) window.location.href = address;
    }

    /* The place somebody marks: it can be dragged; for the keyboard there are the fields. */
    chosen(at) {
      const html = document.createElement('div');
      html.append(span('map-pin', sign(this.figure.dataset.sprite, 'store')));
      const icon = this.L.divIcon({ className: 'map-mark chosen', html, iconSize: [tapPx, tapPx + 4], iconAnchor: [tapPx / 2, tapPx] });
      const mark = this.L.marker(at, { icon, draggable: true, keyboard: false, zIndexOffset: 900 }).addTo(this.map);
      mark.getElement().setAttribute('role', 'img');
      mark.getElement().setAttribute('aria-label', say('chosen'));
      return mark;
    }

    bunch(group) {
      const n = group.pins.length;
      const usable = group.pins.some((pin) => pin.usable);
      const bounds = this.L.latLngBounds(group.pins.map((pin) => pin.at));
      const isOneSpot = this.map.project(bounds.getNorthEast(), 19).distanceTo(this.map.project(bounds.getSouthWest(), 19)) < pinPx - 2;
      const act = () => {
        if (isOneSpot) this.open(group.pins);
        else {
          this.awaited = group.pins[0].id;
          const closer = this.map.getBoundsZoom(bounds, false, this.L.point(48, 48));
          this.map.setView(bounds.getCenter(), Math.min(19, Math.max(closer, this.map.getZoom() + 1)));
        }
      };
      return this.mark(group.at, span(`map-bunch num${usable ? ' open' : ''}`, String(n)), say(isOneSpot ? 'same' : 'many', { n }), act);
    }

    /* Several in one house: a list of them, each a link. */
    open(pins) {
      const sheet = document.createElement('dialog');
      sheet.className = 'sheet';
      sheet.setAttribute('aria-label', say('same', { n: pins.length }));
      const list = span('list map-list');
      pins.forEach((pin) => {
        const row = document.createElement('a');
        row.className = 'item';
        row.href = `${this.url}${pin.id}`;
        row.append(sign(this.figure.dataset.sprite, pin.icon), span('grow', pin.name));
        row.addEventListener('click', (event) => { event.preventDefault(); sheet.close(); this.tell(pin); });
        list.append(row);
      });
      sheet.append(span('grip'), list);
      sheet.addEventListener('close', () => sheet.remove());
      document.body.append(sheet);
      sheet.showModal();
    }

    /* Names beside the pins, then those of rings and streets: as many as stand clear of each other and of what lies over the map. The
       other pins say their names under the pointer and the keyboard. */
    name(drawn) {
      const size = this.map.getSize();
      const spot = (at) => this.map.latLngToContainerPoint(at);
      const frame = this.figure.getBoundingClientRect();
      const over = [...this.figure.querySelectorAll('.map-legend, .map-north, .map-tools, .map-scale')].map((one) => {
        const box = one.getBoundingClientRect();
        return [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top];
      });
      const taken = drawn.map(([group]) => { const { x, y } = spot(group.at); return [x - pinPx / 2, y - tapPx, x + pinPx / 2, y + 2]; }).concat(over);
      const isFree = (box, own) => isWithin(box, size) && taken.every((other, n) => n === own || !meet(other, box));
      const middle = ({ x, y }, text) => { const half = widthOf(text) / 2 + 4; return [x - half, y - 11, x + half, y + 11]; };
      this.rings.forEach(({ radius, centre, mark }) => {
        const across = Math.cos((centre.lat * Math.PI) / 180);
        const at = BEARINGS.map((degrees) => {
          const angle = (degrees * Math.PI) / 180;
          return this.L.latLng(centre.lat + (radius * Math.cos(angle)) / DEGREE_M, centre.lng + (radius * Math.sin(angle)) / DEGREE_M / across);
        }).find((one) => isFree(middle(spot(one), said(radius))));
        const isShown = Boolean(at) && radius / this.metre() > 34;
        mark.getElement().hidden = !isShown;
        if (!isShown) return;
        mark.setLatLng(at);
        taken.push(middle(spot(at), said(radius)));
      });
      drawn.forEach(([group, mark], own) => {
        if (group.pins.length > 1) return;
        const { x, y } = spot(group.at);
        const wide = widthOf(short(group.pins[0].name));
        const [edge, top, bottom] = [pinPx / 2 + 1, y - tapPx / 2 - 13, y - tapPx / 2 + 13];
        const sides = { right: [x + edge, top, x + edge + wide, bottom], left: [x - edge - wide, top, x - edge, bottom] };
        const side = Object.keys(sides).find((one) => isFree(sides[one], own));
        mark.getElement().dataset.named = side || '';
        if (side) taken.push(sides[side]);
      });
      this.streets.forEach(({ name, places, mark }) => {
        const boxOf = (at) => middle(spot(at), `${name}　`);
        const at = this.metre() < 8 && places.find((one) => isFree(boxOf(one)));
        mark.getElement().hidden = !at;
        if (!at) return;
        mark.setLatLng(at);
        taken.push(boxOf(at));
      });
    }

    /* The pin of a row in the list is held up while the reader is at the row. */
    raise(id) {
      this.figure.querySelectorAll('.map-mark.raised').forEach((one) => one.classList.remove('raised'));
      const found = id && [...this.marks].find(([key]) => key.split('+').includes(String(id)));
      if (found) found[1].getElement().classList.add('raised');
    }

    fail() { failed(this.figure); }

    async ask(address, place) {
      const header = place ? { 'X-Near': place.join(',') } : {};
      const response = await fetch(address, { headers: header, credentials: 'same-origin' });
      if (!response.ok) throw new Error(String(response.status));
      const found = await response.json();
      this.figure.querySelector('[data-map-note]').hidden = true;
      this.show(found, place);
    }
  }

  const begin = async (figure) => {
    try {
      const board = new Board(figure, await load(figure));
      const { pinsUrl, pinsId } = figure.dataset;
      if (pinsUrl) await board.ask(pinsUrl, figure.place || null);
      else board.show(pinsId ? JSON.parse(document.getElementById(pinsId).textContent) : { url: '', pins: [] });
      figure.board = board;
      figure.dispatchEvent(new CustomEvent('map:ready', { bubbles: true }));
    } catch (error) {
      failed(figure);
    }
  };

  const inSight = new IntersectionObserver((seen) => seen.forEach((one) => {
    if (!one.isIntersecting) return;
    inSight.unobserve(one.target);
    begin(one.target);
  }), { rootMargin: '200px' });
  document.querySelectorAll('[data-map]').forEach((figure) => inSight.observe(figure));
})();
