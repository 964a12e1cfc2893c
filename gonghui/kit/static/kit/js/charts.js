/* figure[data-chart="id"]: draws the JSON of <script type="application/json" id> with ECharts; the table beside it needs no script.
   {kind: line|bar|stack|donut|funnel|hbar, labels: [...], series: [{name, values}], unit} */
(() => {
  const css = getComputedStyle(document.documentElement);
  const token = (name) => css.getPropertyValue(name).trim();
  const PALETTE = ['#2f7f78', '#c5321c', '#d79a2b', '#34608f', '#8a5a83', '#7d8a55'];
  const DEPTHS = ['#1c5650', '#256b64', '#2f7f78', '#3a8880', '#45918a'];
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const text = (size) => ({ color: token('--ink-2'), fontFamily: token('--sans'), fontSize: size });

  const frame = (chart) => ({
    color: PALETTE,
    animation: !calm,
    animationDuration: 400,
    textStyle: text(13),
    grid: { left: 8, right: 16, top: chart.series.length > 1 ? 40 : 16, bottom: 8, containLabel: true },
    legend: chart.series.length > 1 ? { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: text(13) } : undefined,
    // richText: the HTML tooltip writes style attributes, which our content security policy refuses
    tooltip: { renderMode: 'richText', trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true, valueFormatter: (v) => `${v}${chart.unit || ''}` },
  });

  const axes = (chart, lying) => {
    const names = { type: 'category', data: chart.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: token('--line') } }, axisLabel: text(12), inverse: lying };
    const counts = chart.series.every((s) => s.values.every((v) => v === null || Number.isInteger(v)));
    const values = { type: 'value', minInterval: counts ? 1 : undefined, splitLine: { lineStyle: { color: token('--line') } }, axisLabel: text(12) };
    return lying ? { xAxis: values, yAxis: names } : { xAxis: names, yAxis: values };
  };

  const bars = (chart, lying) => ({
    ...frame(chart), ...axes(chart, lying),
    series: chart.series.map((s) => ({
      type: 'bar', name: s.name, data: s.values, barMaxWidth: 28, stack: chart.kind === 'stack' ? 'all' : undefined,
      itemStyle: { borderRadius: chart.kind === 'stack' ? 0 : (lying ? [0, 4, 4, 0] : [4, 4, 0, 0]) },
    })),
  });

  const lines = (chart) => ({
    ...frame(chart), ...axes(chart, false),
    series: chart.series.map((s, i) => ({
      type: 'line', name: s.name, data: s.values, smooth: 0.25, symbolSize: 7, lineStyle: { width: 2.5, type: i % 2 ? 'dashed' : 'solid' },
      symbol: ['circle', 'rect', 'triangle', 'diamond'][i % 4], areaStyle: chart.series.length === 1 ? { opacity: 0.08 } : undefined,
    })),
  });

  const pieces = (chart) => chart.labels.map((name, i) => ({ name, value: chart.series[0].values[i] }));
  const whole = (chart) => ({ ...frame(chart), tooltip: { renderMode: 'richText', confine: true } });

  const donut = (chart) => ({
    ...whole(chart),
    series: [{ type: 'pie', radius: ['52%', '78%'], data: pieces(chart), label: { ...text(13), formatter: '{b}\n{d}%' }, itemStyle: { borderColor: '#fff', borderWidth: 2 } }],
  });

  const funnel = (chart) => ({
    ...whole(chart),
    color: DEPTHS,
    series: [{ type: 'funnel', left: 8, right: 8, top: 8, bottom: 8, minSize: '18%', gap: 3, data: pieces(chart), label: { position: 'inside', color: '#fff', fontFamily: token('--sans'), fontSize: 13, formatter: '{b}  {c}' } }],
  });

  const KINDS = { line: lines, bar: (c) => bars(c, false), stack: (c) => bars(c, false), hbar: (c) => bars(c, true), donut, funnel };

  document.querySelectorAll('[data-chart]').forEach((figure) => {
    const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const area = figure.querySelector('[data-chart-area]');
    const drawn = window.echarts.init(area, null, { renderer: 'svg' });
    drawn.setOption(KINDS[chart.kind](chart));
    new ResizeObserver(() => drawn.resize()).observe(area);
  });
})();
