/* ChartBars: histograms as shares of their whole, and counts of named things.
 *
 * ChartBars.make(chart): what ChartFrame takes, and
 *   label, of,        what the x axis shows, and of what things: masks, images
 *   edges,            of the bins, in order, one more than there are bins
 *   series,           [{name, run, counts, total}]: run 0 is filled, run 1 an outline
 *   log,              shares on a logarithmic axis
 *   whole,            values are whole numbers: a bin ends at the number before the next edge
 *   marks             [{at, label}], dashed lines
 *
 * ChartBars.named(chart): what ChartFrame takes, and head (what is named), items [{name, run, count}].
 */
const ChartBars = (() => {
  const {svg, make: element} = Dom;
  const HEIGHT = 248;

  const share = part => Text.percent(part, part > 0 && part < 0.01 ? 2 : 1);

  const axisShare = part => Number((100 * part).toPrecision(3)) + ' %';

  function yAxis(chart, shares, box) {
    const seen = shares.flat().filter(part => part > 0);
    const most = Math.max(1e-6, ...seen);
    if (!chart.log) {
      const marks = ChartAxes.ticks(0, most, 4);
      return {scale: ChartAxes.linear(0, most * 1.05, box.bottom, box.top + 8), marks};
    }
    const low = 10 ** Math.floor(Math.log10(Math.min(most, ...seen)) - 1e-9);
    const high = Math.max(10 * low, 10 ** Math.ceil(Math.log10(most)));
    const marks = [];
    for (let mark = low; mark <= high * 1.001; mark *= 10)
      marks.push(mark);
    return {scale: ChartAxes.logarithmic(low, high, box.bottom, box.top + 8), marks};
  }

  function steps(edges, heights, x, y, base) {
    let path = `M${x(edges[0])} ${base}`;
    heights.forEach((height, i) => {
      const top = height > 0 ? Math.min(base - 1, y(height)) : base;
      path += `V${top.toFixed(1)}H${x(edges[i + 1]).toFixed(1)}`;
    });
    return `${path}V${base}`;
  }

  function hit(chart, shares, x, box) {
    const band = svg('rect', {y: box.top, height: box.bottom - box.top, class: 'chart-band',
      visibility: 'hidden'});
    chart.under.append(band);
    return (px, py) => {
      const bin = ChartAxes.bin(chart.edges, x.back(px));
      if (bin < 0)
        return null;
      const left = x(chart.edges[bin]), width = Math.max(1, x(chart.edges[bin + 1]) - left);
      const lines = chart.series.map(({name, counts}, i) =>
        `${chart.series.length > 1 ? `${name}: ` : ''}${share(shares[i][bin])} (${Text.count(counts[bin])})`);
      return {x: left + width / 2, y: py, lines: [chart.binName(bin), ...lines],
        ...ChartAxes.marker(band, {x: left, width})};
    };
  }

  function draw(chart, drawing, width, height) {
    const {edges, series} = chart;
    const box = ChartAxes.plotBox(width, height);
    const low = edges[0], high = edges[edges.length - 1];
    const shares = series.map(({counts, total}) => counts.map(count => total ? count / total : 0));
    const x = ChartAxes.linear(low, high, box.left, box.right);
    const y = yAxis(chart, shares, box);
    chart.under = svg('g');
    ChartAxes.drawY(drawing, box, y.scale, y.marks, `share of ${chart.of}`, axisShare);
    drawing.append(chart.under);
    series.forEach(({run}, i) => drawing.append(svg('path', {
      d: steps(edges, shares[i], x, y.scale, box.bottom),
        class: `chart-${i ? 'step' : 'fill'} series-${run}`})));
    ChartAxes.drawX(drawing, box, x, ChartAxes.xTicks(low, high, box), chart.label);
    ChartAxes.drawMarks(drawing, box, x,
      (chart.marks ?? []).filter(mark => mark.at >= low && mark.at <= high));
    return hit(chart, shares, x, box);
  }

  function make(chart) {
    const {edges, series} = chart;
    const last = bin => chart.whole ? edges[bin + 1] - 1 : edges[bin + 1];
    const binName = bin => last(bin) === edges[bin] ? ChartFrame.number(edges[bin])
      : `${ChartFrame.number(edges[bin])} to ${ChartFrame.number(last(bin))}`;
    const columns = ['from', 'to', ...series.flatMap(({name}) => [`${name} count`,
      `${name} share`])];
    const rows = edges.slice(0, -1).map((from, bin) => [from, last(bin),
      ...series.flatMap(({counts, total}) => [counts[bin], total ? counts[bin] / total : 0])]);
    const whole = {height: () => HEIGHT, columns, rows, ...chart, binName};
    whole.draw = (...parts) => draw(whole, ...parts);
    return ChartFrame.make(whole);
  }

  const bar = (count, most, run) => svg('svg', {class: 'chart-named-bar', 'aria-hidden': 'true'},
    svg('rect', {width: `${most ? count / most * 100 : 0}%`, height: '100%',
      class: `series-${run}`}));

  function named(chart) {
    const most = Math.max(0, ...chart.items.map(item => item.count));
    const rows = chart.items.map(({name, run, count}) => element('tr', {},
      element('th', {scope: 'row'}, name), element('td', {class: 'number'}, Text.count(count)),
      element('td', {}, bar(count, most, run))));
    return ChartFrame.make({columns: [chart.head, 'count'], rows: chart.items.map(({name, count}) =>
      [name, count]),
      ...chart, content: element('table', {class: 'chart-named'}, element('tbody', {}, rows))});
  }

  return {make, named, share};
})();
