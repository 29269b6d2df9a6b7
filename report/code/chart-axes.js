/* ChartAxes: scales, ticks and axes of the charts. A scale gives the pixel of a value. */
const ChartAxes = (() => {
  const MARGIN = {left: 52, right: 12, top: 26, bottom: 42};
  const TICK = 76;                /* pixels between two ticks of an x axis, about */

  const line = (x1, y1, x2, y2, name) => Dom.svg('line', {x1, y1, x2, y2, class: name});

  const text = (x, y, content, anchor, name = 'chart-tick') =>
    Dom.svg('text', {x, y, 'text-anchor': anchor, class: name}, content);

  /* Round numbers from low to high, about `count` of them. */
  function ticks(low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.7);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
      found.push(Number((i * step).toPrecision(12)));
    return found;
  }

  /* scale.back(pixel) is the value of a pixel. */
  function linear(low, high, from, to) {
    const scale = value => from + (value - low) / (high - low || 1) * (to - from);
    scale.back = pixel => low + (pixel - from) / (to - from) * (high - low);
    return scale;
  }

  function logarithmic(low, high, from, to) {
    const inner = linear(Math.log10(low), Math.log10(high), from, to);
    return value => inner(Math.log10(Math.max(value, low)));
  }

  const plotBox = (width, height) => ({left: MARGIN.left, right: width - MARGIN.right,
    top: MARGIN.top, bottom: height - MARGIN.bottom});

  const xTicks = (low, high, box) => ticks(low, high, (box.right - box.left) / TICK);

  function drawX(drawing, box, scale, marks, label, show = ChartFrame.number) {
    for (const at of marks)
      drawing.append(line(scale(at), box.bottom, scale(at), box.bottom + 4, 'chart-axis'),
        text(scale(at), box.bottom + 17, show(at), 'middle'));
    drawing.append(line(box.left, box.bottom, box.right, box.bottom, 'chart-axis'),
      text(box.right, box.bottom + 35, label, 'end', 'chart-label'));
  }

  function drawY(drawing, box, scale, marks, label, show = ChartFrame.number) {
    drawing.append(text(0, 11, label, 'start', 'chart-label'));
    for (const at of marks)
      drawing.append(line(box.left, scale(at), box.right, scale(at), 'chart-grid'),
        text(box.left - 8, scale(at) + 4, show(at), 'end'));
  }

  /* Dashed lines across the plot, each with its name on the side with more room; names are below
   * each other and over the lines, so that none is crossed out. marks: [{at, label}]. */
  function drawMarks(drawing, box, scale, marks) {
    for (const {at} of marks)
      drawing.append(line(scale(at), box.top - 6, scale(at), box.bottom, 'chart-mark'));
    marks.forEach(({at, label}, level) => {
      const right = scale(at) > (box.left + box.right) / 2;
      drawing.append(text(scale(at) + (right ? -5 : 5), box.top + 4 + 14 * level, label,
        right ? 'end' : 'start', 'chart-mark-name'));
    });
  }

  /* The bin of a value among edges in order, or -1. The last edge belongs to the last bin. */
  function bin(edges, value) {
    const last = edges.length - 2;
    if (value === edges[last + 1])
      return last;
    return edges.findIndex((edge, i) => i <= last && value >= edge && value < edges[i + 1]);
  }

  /* Shows `element` while something is under the pointer, after setting its attributes. */
  const marker = (element, attributes) => ({
    show: () => Dom.set(element, {...attributes, visibility: 'visible'}),
    hide: () => Dom.set(element, {visibility: 'hidden'}),
  });

  return {line, text, ticks, xTicks, linear, logarithmic, plotBox, drawX, drawY, drawMarks, bin,
    marker};
})();
