/* EAN-13 and EAN-8 off a picture: rows of light and dark turned into widths, widths into digits. Two rows must say the same. */
(() => {
  const gonghui = (window.gonghui = window.gonghui || {});
  const LEFT = ['3211', '2221', '2122', '1411', '1132', '1231', '1114', '1312', '1213', '3112'].map((widths) => [...widths].map(Number));
  const WIDTHS = [...LEFT, ...LEFT.map((one) => [...one].reverse())]; // 0-9 as printed, 10-19 mirrored: those make the first digit
  const FIRST = ['000000', '001011', '001101', '001110', '010011', '011001', '011100', '010101', '010110', '011010'];
  const HEIGHTS = [0.5, 0.46, 0.54, 0.42, 0.58, 0.36, 0.64, 0.3, 0.7];
  const CONTRAST_MIN = 50; const OFF_MAX = 0.9; const GUARD_OFF_MAX = 0.6;

  /* Widths of the stripes of one row, a light one first. */
  const stripes = (data, width, y) => {
    const light = new Float32Array(width);
    let low = 255; let high = 0;
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      light[x] = (data[at] * 2 + data[at + 1] * 5 + data[at + 2]) / 8;
      low = Math.min(low, light[x]); high = Math.max(high, light[x]);
    }
    if (high - low < CONTRAST_MIN) return [];
    const middle = (low + high) / 2;
    const found = []; let since = 0; let isDark = false;
    for (let x = 0; x < width; x += 1) {
      if ((light[x] < middle) === isDark) continue;
      /* Between two points: narrow stripes are a few points wide only. */
      const edge = x && light[x] !== light[x - 1] ? x - 1 + (light[x - 1] - middle) / (light[x - 1] - light[x]) + 0.5 : x;
      found.push(edge - since); since = edge; isDark = !isDark;
    }
    return [...found, width - since];
  };

  const isGuard = (widths, at, count, unit) => {
    for (let n = at; n < at + count; n += 1) if (Math.abs(widths[n] / unit - 1) > GUARD_OFF_MAX) return false;
    return true;
  };

  /* The digit whose four stripes are nearest, or -1. */
  const digitAt = (widths, at, kinds) => {
    const sum = widths[at] + widths[at + 1] + widths[at + 2] + widths[at + 3];
    let best = -1; let least = OFF_MAX;
    for (let n = 0; n < kinds; n += 1) {
      let off = 0;
      for (let k = 0; k < 4; k += 1) off += Math.abs((widths[at + k] / sum) * 7 - WIDTHS[n][k]);
      if (off < least) { least = off; best = n; }
    }
    return best;
  };

  const isChecked = (digits) => {
    const sum = [...digits].reverse().reduce((so, digit, n) => so + Number(digit) * (n % 2 ? 3 : 1), 0);
    return sum % 10 === 0;
  };

  /* `each`: digits of a half; 6 for EAN-13, 4 for EAN-8. */
  const codeAt = (widths, at, each) => {
    const count = 11 + each * 8;
    if (at + count > widths.length) return '';
    const unit = widths.slice(at, at + count).reduce((a, b) => a + b, 0) / (11 + each * 14);
    const middle = at + 3 + each * 4;
    if (widths[at - 1] < unit * 4 || !isGuard(widths, at, 3, unit) || !isGuard(widths, middle, 5, unit) || !isGuard(widths, at + count - 3, 3, unit)) return '';
    let digits = ''; let mirrored = '';
    for (let n = 0; n < each * 2; n += 1) {
      const isLeft = n < each;
      const found = digitAt(widths, isLeft ? at + 3 + n * 4 : middle + 5 + (n - each) * 4, isLeft && each === 6 ? 20 : 10);
      if (found < 0) return '';
      digits += found % 10;
      if (isLeft) mirrored += found > 9 ? '1' : '0';
    }
    if (each === 6) {
      if (!FIRST.includes(mirrored)) return '';
      digits = FIRST.indexOf(mirrored) + digits;
    }
    return isChecked(digits) ? digits : '';
  };

  const codeIn = (widths) => {
    for (let at = 1; at < widths.length; at += 2) {
      const code = codeAt(widths, at, 6) || codeAt(widths, at, 4);
      if (code) return code;
    }
    return '';
  };

  gonghui.isBarcodeWrong = (code) => /^(\d{8}|\d{13})$/.test(code) && !isChecked(code);

  gonghui.readBarcode = (data, width, height) => {
    const seen = new Set();
    for (const part of HEIGHTS) {
      const widths = stripes(data, width, Math.floor(height * part));
      const turned = widths.length % 2 ? [...widths].reverse() : [];
      const code = codeIn(widths) || codeIn(turned);
      if (code && seen.has(code)) return code;
      if (code) seen.add(code);
    }
    return '';
  };
})();
