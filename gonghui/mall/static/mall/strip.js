/* [data-strip]: the small pictures under a strip move it and say which one is in sight. Without it they are plain links. */
(() => {
  document.querySelectorAll('[data-strip]').forEach((strip) => {
    const links = [...strip.nextElementSibling.querySelectorAll('a')];
    const at = () => Math.round(strip.scrollLeft / strip.clientWidth);
    const mark = () => links.forEach((link, nth) => (nth === at() ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current')));
    links.forEach((link, nth) => link.addEventListener('click', (event) => {
      event.preventDefault();
      strip.scrollTo({ left: nth * strip.clientWidth });
    }));
    strip.addEventListener('scroll', mark, { passive: true });
  });
})();
