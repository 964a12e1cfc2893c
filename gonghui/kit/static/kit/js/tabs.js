/* The current tab is in sight; an edge with more behind it fades (data-more: start, end, both). */
(() => {
  const show = (tabs) => {
    const before = tabs.scrollLeft > 1;
    const after = tabs.scrollLeft + tabs.clientWidth < tabs.scrollWidth - 1;
    tabs.dataset.more = before && after ? 'both' : before ? 'start' : after ? 'end' : '';
  };
  const begin = (tabs) => {
    const current = tabs.querySelector('[aria-current], [aria-selected=true]');
    if (current) {
      const away = current.getBoundingClientRect().left - tabs.getBoundingClientRect().left;
      tabs.scrollLeft += away - (tabs.clientWidth - current.offsetWidth) / 2;
    }
    show(tabs);
    tabs.addEventListener('scroll', () => show(tabs), { passive: true });
  };
  document.querySelectorAll('.tabs').forEach(begin);
})();
