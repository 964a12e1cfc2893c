/* The lines of the till: rows added, codes of articles scanned into them. A scanner is a keyboard that ends with Enter. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});

  /* `ask` prices what stands in the form; the form hears `till:answered` with the page that came back. */
  gonghui.tillRows = (form, ask, say) => {
    const rows = document.getElementById('rows');
    const field = (row, name) => row.querySelector(`[name=${name}]`);
    const codeOf = (row) => field(row, 'line_code').value.trim();
    const all = () => [...rows.children];
    const isEmpty = (row) => !['line_code', 'name', 'price'].some((name) => field(row, name).value.trim());

    const add = () => {
      const row = rows.lastElementChild.cloneNode(true);
      row.querySelectorAll('input, select').forEach((one) => { one.value = one.name === 'quantity' ? '1' : ''; });
      delete row.dataset.coded; delete row.dataset.asks;
      rows.append(row);
      return row;
    };
    const free = () => all().find(isEmpty) || add();

    /* What the store sold last under a code stands in the fields of the server's answer. One that is not known is asked for, unless
       the scanner is at work: it is faster than any answer. */
    const fill = (page) => {
      page.querySelectorAll('#rows > *').forEach((fresh) => {
        const row = codeOf(fresh) && all().find((one) => codeOf(one) === codeOf(fresh) && !field(one, 'price').value);
        if (!row) return;
        ['name', 'price', 'line_section'].forEach((name) => { field(row, name).value = field(row, name).value || field(fresh, name).value; });
      });
      const asking = all().filter((row) => row.dataset.asks);
      asking.forEach((row) => { delete row.dataset.asks; });
      const open = asking.find((row) => codeOf(row) && !field(row, 'price').value);
      const { activeElement: at } = document;
      const isIdle = !at || !rows.contains(at) || (at.name === 'line_code' && !at.value);
      if (!open || !isIdle) return;
      if (gonghui.isBarcodeWrong(codeOf(open))) field(open, 'line_code').select(); else field(open, 'price').focus();
    };
    form.addEventListener('till:answered', (event) => fill(event.detail));

    const coded = (row, { next = false } = {}) => {
      const code = codeOf(row);
      const same = all().find((one) => one !== row && codeOf(one) === code);
      row.dataset.coded = code; row.dataset.asks = '1';
      if (same) {
        field(same, 'quantity').value = (Number(field(same, 'quantity').value) || 0) + 1;
        field(row, 'line_code').value = ''; delete row.dataset.coded; delete row.dataset.asks;
        say(field(same, 'name').value || code);
      }
      if (next) field(free(), 'line_code').focus();
      ask();
    };

    rows.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.target.name !== 'line_code' || !event.target.value.trim()) return;
      event.preventDefault();
      coded(event.target.closest('.till-row'), { next: true });
    });
    rows.addEventListener('change', (event) => {
      const row = event.target.closest('.till-row');
      if (event.target.name === 'line_code' && codeOf(row) && row.dataset.coded !== codeOf(row)) coded(row);
    });
    document.getElementById('add-row').hidden = false;
    document.getElementById('add-row').addEventListener('click', () => field(add(), 'line_code').focus());

    return { scanned: (code) => { const row = free(); field(row, 'line_code').value = code; coded(row); } };
  };
})();
