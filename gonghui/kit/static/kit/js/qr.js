/* gonghui.drawQr(element, text): a QR code as SVG, by qrcode-generator (vendor/qrcode.js). */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const SVG = 'http://www.w3.org/2000/svg';
  const QUIET = 2;

  gonghui.drawQr = (element, text) => {
    const code = window.qrcode(0, 'M');
    code.addData(text, /^[0-9A-Z $%*+\-./:]*$/.test(text) ? 'Alphanumeric' : 'Byte');
    code.make();
    const size = code.getModuleCount();
    let d = '';
    for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (code.isDark(y, x)) d += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 0 ${size + 2 * QUIET} ${size + 2 * QUIET}`);
    svg.setAttribute('shape-rendering', 'crispEdges');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', element.dataset.label || gonghui.say('qr'));
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    path.setAttribute('fill', '#111');
    svg.append(path);
    element.replaceChildren(svg);
  };

  document.querySelectorAll('[data-qr]').forEach((element) => gonghui.drawQr(element, element.dataset.qr));
})();
