/* Offers or stores nearest first. The phone's place goes along in a header of the one request that asks for it, to about a hundred
   metres, and stands in a variable of this page: in no address, in no store of the phone, in no log. What is shown anew is told
   as the event `near`, for the map beside it. */
(() => {
  const words = JSON.parse(document.getElementById('near-words').textContent);
  const box = () => document.querySelector('[data-near-box]');
  let place = '';

  const say = (text) => {
    const line = box().querySelector('[data-near-says]');
    line.textContent = text;
    line.hidden = !text;
  };

  const show = async (address) => {
    const response = await fetch(address, { headers: place ? { 'X-Near': place } : {}, credentials: 'same-origin' });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    box().replaceWith(page.querySelector('[data-near-box]'));
    ready();
    document.dispatchEvent(new CustomEvent('near', { detail: { place } }));
  };

  const follow = async (address) => {
    try {
      await show(address);
      return true;
    } catch (error) {
      say(words.failed);
      return false;
    }
  };

  const sort = (found) => {
    const at = (degrees) => degrees.toFixed(3);
    place = `${at(found.coords.latitude)},${at(found.coords.longitude)}`;
    follow(location.href).then((done) => { if (done) box().querySelector('[data-near]').focus(); });
  };

  const ask = () => {
    if (place) {
      place = '';
      follow(location.href);
      return;
    }
    say(words.asking);
    navigator.geolocation.getCurrentPosition(sort, () => say(words.refused), { timeout: 10000, maximumAge: 60000 });
  };

  const ready = () => {
    const button = box().querySelector('[data-near]');
    if (!button || !navigator.geolocation) return;
    button.hidden = false;
    button.addEventListener('click', ask);
  };

  /* Other views and pages of the list keep the order, for as long as this page is open. */
  document.addEventListener('click', async (event) => {
    const link = event.target.closest('[data-near-box] .segments a, [data-near-box] .pages a');
    if (!place || !link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    if (!(await follow(link.href))) return;
    history.pushState(null, '', link.href);
    window.scrollTo(0, 0);
  });
  window.addEventListener('popstate', () => follow(location.href));

  ready();
})();
