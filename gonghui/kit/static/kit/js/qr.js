/* gonghui.drawQr(element, text): a QR code as SVG. The engine (lean-qr) is the module this script's data-engine names. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const SVG = 'http://www.w3.org/2000/svg';
  const QUIET = 2;
  const engine = import(document.currentScript.dataset.engine);

  const shape = (code) => {
    let d = '';
    for (let y = 0; y < code.size; y += 1) for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) d += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
    return d;
  };

  const drawing = (code, label) => {
    const svg = document.createElementNS(SVG, 'svg');
    const side = code.size + 2 * QUIET;
    Object.entries({ viewBox: `0 0 ${side} ${side}`, 'shape-rendering': 'crispEdges', role: 'img', 'aria-label': label })
      .forEach(([name, value]) => svg.setAttribute(name, value));
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', shape(code));
    path.setAttribute('fill', '#111');
    svg.append(path);
    return svg;
  };

  gonghui.drawQr = async (element, text) => {
    const { generate, correction } = await engine;
    const code = generate(text, { minCorrectionLevel: correction.M });
    element.replaceChildren(drawing(code, element.dataset.label || gonghui.say('qr')));
  };

  document.querySelectorAll('[data-qr]').forEach((element) => gonghui.drawQr(element, element.dataset.qr));
})();
