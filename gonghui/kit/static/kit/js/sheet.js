/* Sheets and dialogs are <dialog>: [data-open="id"] opens, [data-close] or a tap beside it closes. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});

  gonghui.openSheet = (id) => {
    const sheet = document.getElementById(id);
    if (sheet && !sheet.open) sheet.showModal();
    return sheet;
  };

  const isBeside = (sheet, event) => {
    const box = sheet.getBoundingClientRect();
    return event.clientY < box.top || event.clientY > box.bottom || event.clientX < box.left || event.clientX > box.right;
  };

  document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-open]');
    if (opener) { event.preventDefault(); gonghui.openSheet(opener.dataset.open); return; }
    const closer = event.target.closest('[data-close]');
    if (closer) { closer.closest('dialog').close(); return; }
    const sheet = event.target;
    if (sheet.tagName === 'DIALOG' && !sheet.hasAttribute('data-stay') && event.detail && isBeside(sheet, event)) sheet.close();
  });
})();
