/* ChartLines: lines over a common x axis that begins at 0.
 *
 * ChartLines.make(chart): what ChartFrame takes, and
 *   label, unit,      of the x and the y axis
 *   showX(x),         x as people read it
 *   series            [{name, run, points: [[x, y], ...]}], points in order of x, one at least
 */
const ChartLines = (() => {
  const HEIGHT = 248;

  function nearest(points, x) {
    let low = 0, high = points.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] < x)
        low = middle + 1;
      else
        high = middle;
    }
    return points[low > 0 && x - points[low - 1][0] < points[low][0] - x ? low - 1 : low];
  }

  function hit(chart, x, box, cursor) {
    return (px, py) => {
      if (px < box.left || px > box.right)
        return null;
      const found = chart.series.map(({points}) => nearest(points, x.back(px)));
      const away = ([at]) => Math.abs(x(at) - px);
      const [at] = found.reduce((best, point) => away(point) < away(best) ? point : best);
      const lines = chart.series.map(({name}, i) =>
        `${chart.series.length > 1 ? `${name}: ` : ''}${ChartFrame.number(found[i][1])} ${chart.unit}`);
      return {x: x(at), y: py, lines: [chart.showX(at), ...lines],
        ...ChartAxes.marker(cursor, {x1: x(at), x2: x(at)})};
    };
  }

  const path = (points, x, y) =>
    points.map(([px, py], i) => `${i ? 'L' : 'M'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join('');

  function draw(chart, drawing, width, height) {
    const box = ChartAxes.plotBox(width, height);
    const all = chart.series.flatMap(({points}) => points);
    const right = Math.max(...all.map(point => point[0])) || 1, top = Math.max(...all.map(point =>
      point[1])) || 1;
    const x = ChartAxes.linear(0, right, box.left, box.right);
    const y = ChartAxes.linear(0, top * 1.05, box.bottom, box.top + 8);
    ChartAxes.drawY(drawing, box, y, ChartAxes.ticks(0, top, 4).filter(Number.isInteger),
      chart.unit);
    for (const {points, run} of chart.series)
      drawing.append(Dom.svg('path', {d: path(points, x, y), class: `chart-line series-${run}`}));
    ChartAxes.drawX(drawing, box, x, ChartAxes.xTicks(0, right, box), chart.label);
    const cursor = ChartAxes.line(0, box.top, 0, box.bottom, 'chart-cursor');
    cursor.setAttribute('visibility', 'hidden');
    drawing.append(cursor);
    return hit(chart, x, box, cursor);
  }

  function make(chart) {
    const rows = chart.series.flatMap(({name, points}) => points.map(([x, y]) => [name, x, y]));
    const whole = {height: () => HEIGHT, columns: ['run', chart.label, chart.unit], rows, ...chart};
    whole.draw = (...parts) => draw(whole, ...parts);
    return ChartFrame.make(whole);
  }

  return {make};
})();
