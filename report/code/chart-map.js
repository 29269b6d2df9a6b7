/* ChartMap: counts over two dimensions.
 *
 * ChartMap.make(chart): what ChartFrame takes, and
 *   run,              0 or 1: its colour
 *   x, y,             {label, edges}: edges of bins, in order
 *   cells, total,     [[column, row, count], ...], and what shares are parts of
 *   down,             y grows downwards, as in an image
 *   marks             [{x, y}], dashed lines
 */
const ChartMap = (() => {
  const SIDE = 360;               /* pixels; at most */

  const ends = axis => [axis.edges[0], axis.edges[axis.edges.length - 1]];

  /* The rectangle of a bin. */
  function place(chart, x, y, column, row) {
    const top = y(chart.y.edges[chart.down ? row : row + 1]), left = x(chart.x.edges[column]);
    return {x: left, y: top, width: x(chart.x.edges[column + 1]) - left,
      height: y(chart.y.edges[chart.down ? row + 1 : row]) - top};
  }

  /* The root spreads the small counts, of which there are many; no bin with masks is invisible. */
  const strength = (count, most) => (0.1 + 0.9 * Math.sqrt(count / most)).toFixed(3);

  function drawCells(chart, drawing, x, y) {
    const most = Math.max(1, ...chart.cells.map(([, , count]) => count));
    for (const [column, row, count] of chart.cells)
      if (count)
        drawing.append(Dom.svg('rect', {...place(chart, x, y, column, row),
          class: `chart-cell series-${chart.run}`,
          'fill-opacity': strength(count, most)}));
  }

  function hit(chart, x, y, frame) {
    const counts = new Map(chart.cells.map(([column, row, count]) => [`${column} ${row}`, count]));
    const span = (axis, bin) =>
      `${axis.label} ${ChartFrame.number(axis.edges[bin])} to ${ChartFrame.number(axis.edges[bin + 1])}`;
    return (px, py) => {
      const column = ChartAxes.bin(chart.x.edges, x.back(px)), row = ChartAxes.bin(chart.y.edges,
        y.back(py));
      if (column < 0 || row < 0)
        return null;
      const count = counts.get(`${column} ${row}`) ?? 0;
      return {x: px, y: py, lines: [
        `${Text.counted(count, 'mask')}, ${ChartBars.share(chart.total ? count / chart.total : 0)}`,
        span(chart.x, column), span(chart.y, row)],
      ...ChartAxes.marker(frame, place(chart, x, y, column, row))};
    };
  }

  function drawMarks(chart, drawing, box, x, y) {
    const within = ([low, high], value) => value >= low && value <= high;
    for (const mark of chart.marks ?? []) {
      if (within(ends(chart.x), mark.x))
        drawing.append(ChartAxes.line(x(mark.x), box.top, x(mark.x), box.bottom, 'chart-mark'));
      if (within(ends(chart.y), mark.y))
        drawing.append(ChartAxes.line(box.left, y(mark.y), box.right, y(mark.y), 'chart-mark'));
    }
  }

  function draw(chart, drawing, width, height) {
    const box = ChartAxes.plotBox(width, height);
    box.right = Math.min(box.right, box.left + box.bottom - box.top);       /* square */
    const x = ChartAxes.linear(...ends(chart.x), box.left, box.right);
    const y = chart.down ? ChartAxes.linear(...ends(chart.y), box.top, box.bottom)
      : ChartAxes.linear(...ends(chart.y), box.bottom, box.top);
    drawing.append(Dom.svg('rect', {x: box.left, y: box.top, width: box.right - box.left,
      height: box.bottom - box.top, class: 'chart-ground'}));
    drawCells(chart, drawing, x, y);
    ChartAxes.drawX(drawing, box, x, ChartAxes.ticks(...ends(chart.x), 5), chart.x.label);
    for (const at of ChartAxes.ticks(...ends(chart.y), 5))
      drawing.append(ChartAxes.text(box.left - 8, y(at) + 4, ChartFrame.number(at), 'end'));
    drawing.append(ChartAxes.text(0, 11, chart.y.label, 'start', 'chart-label'));
    drawMarks(chart, drawing, box, x, y);
    const frame = Dom.svg('rect', {class: 'chart-pointed', visibility: 'hidden'});
    drawing.append(frame);
    return hit(chart, x, y, frame);
  }

  function make(chart) {
    const columns = [`${chart.x.label} from`, `${chart.x.label} to`, `${chart.y.label} from`,
      `${chart.y.label} to`,
      'count'];
    const rows = chart.cells.map(([column, row, count]) =>
      [...chart.x.edges.slice(column, column + 2), ...chart.y.edges.slice(row, row + 2), count]);
    const whole = {height: width => Math.min(width, SIDE), columns, rows, ...chart};
    whole.draw = (...parts) => draw(whole, ...parts);
    return ChartFrame.make(whole);
  }

  return {make};
})();
