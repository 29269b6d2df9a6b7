/* What a review asks a worker for: masks that come while the image is open, and masks that show what
 * was decided on them. */

/* A mask takes a place of the opened image: its value of each column. If `answer`, gives it as `open`
 * does. */
answers.put = ({mask, place, answer}) => {
  const {image, height, masks} = opened;
  for (const [column, value] of Object.entries(mask))
    if (image[column])
      image[column][place] = value;
  [masks[place]] = Runs.masks([mask.counts], height);
  opened.near = null;
  if (!answer)
    return {answer: null};
  return {answer: {...masks[place], rings: Draw.outline(masks[place], height), colour: Draw.colour(place)}};
};

/* Run lengths as a mask with its outline, of no image in particular. */
answers.sketch = ({counts, height}) => ({answer: counts.map(text => {
  const [mask] = Runs.masks([text], height);
  return {...mask, rings: Draw.outline(mask, height)};
})});

/* Of the opened image: the masks in the view, with what was decided: states are 'open', 'accepted',
 * 'added' and 'rejected', of each mask. ratio: pixels of the device to one of CSS. */
answers.reviewed = ({keep, view, look, states, ratio}) => {
  const canvas = new OffscreenCanvas(view.width, view.height), context = canvas.getContext('2d');
  const those = test => keep.map((one, id) => one && test(states[id]) ? 1 : 0);
  const {masks, height} = opened, paint = (list, line, how) =>
    Draw.paint(context, masks, list, height, {...view, line}, how);
  const decided = id => keep[id] && states[id] !== 'open' && masks[id].box &&
    Draw.visible(masks[id].box, view);
  const shown = look.masks ? [...masks.keys()].filter(decided) : [];
  Decided.hatch(context, shown.filter(id => states[id] === 'rejected'), view, ratio);
  paint(those(state => state !== 'rejected'), view.line, look);
  if (look.lines)
    paint(those(state => state === 'accepted' || state === 'added'), 2.5 * ratio, {lines: true});
  Decided.badges(context, shown.map(id => ({mask: masks[id], state: states[id]})), view, ratio);
  const bitmap = canvas.transferToImageBitmap();
  return {answer: {bitmap}, transfer: [bitmap]};
};

/* Decided: how a mask says what was decided on it, without colour. */
const Decided = (() => {
  const RADIUS = 7, LEAST = 16;         /* of a badge; of a mask's longer side that has one: CSS pixels */
  const GRAY = 'rgb(235 235 235 / 0.9)', DARK = 'rgb(0 0 0 / 0.8)';
  const GLYPHS = {
    accepted: [[-3.5, 0.2, -1, 2.7, 3.6, -2.6]],
    added: [[-3.4, 0, 3.4, 0], [0, -3.4, 0, 3.4]],
    rejected: [[-2.6, -2.6, 2.6, 2.6], [-2.6, 2.6, 2.6, -2.6]],
  };
  let stripes = null;                   /* {ratio, pattern} */

  /* Diagonal lines, 7 CSS pixels apart. */
  function pattern(context, ratio) {
    if (stripes && stripes.ratio === ratio)
      return stripes.pattern;
    const size = Math.round(7 * ratio), tile = new OffscreenCanvas(size, size), pen = tile.getContext('2d');
    for (const [style, width] of [['rgb(0 0 0 / 0.3)', 2.5], ['rgb(255 255 255 / 0.4)', 1]]) {
      pen.strokeStyle = style;
      pen.lineWidth = width * ratio;
      pen.beginPath();
      for (const from of [-size, 0, size]) {
        pen.moveTo(from - 2, size + 2);
        pen.lineTo(from + size + 2, -2);
      }
      pen.stroke();
    }
    stripes = {ratio, pattern: context.createPattern(tile, 'repeat')};
    return stripes.pattern;
  }

  /* Rejected masks are hatched, with a dashed outline, below all others. */
  function hatch(context, ids, view, ratio) {
    const {scale, x, y} = view, fill = pattern(context, ratio);
    fill.setTransform(new DOMMatrix([1 / scale, 0, 0, 1 / scale, -x / scale, -y / scale]));
    context.globalAlpha = 1;
    context.setTransform(scale, 0, 0, scale, x, y);
    for (const id of ids) {
      const shape = Draw.path(Draw.outline(opened.masks[id], opened.height), 1 / scale);
      context.fillStyle = fill;
      context.fill(shape, 'evenodd');
      context.setLineDash([4 * ratio / scale, 3 * ratio / scale]);
      context.lineWidth = 1.25 * ratio / scale;
      context.strokeStyle = GRAY;
      context.stroke(shape);
    }
    context.setLineDash([]);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /* A point well inside a mask: the middle of a long run that is not near its left or right end. */
  function spot({bounds, box}) {
    const {height} = opened, [left, , right] = box;
    let best = -1, found = null;
    for (let i = 0; i < bounds.length; i += 2)
      for (let start = bounds[i]; start < bounds[i + 1];) {
        const x = Math.floor(start / height), end = Math.min(bounds[i + 1], (x + 1) * height);
        const room = Math.min(end - start, 2 * Math.min(x - left, right - x) + 1);
        if (room > best) {
          best = room;
          found = {x: x + 0.5, y: (start + end) / 2 - x * height};
        }
        start = end;
      }
    return found;
  }

  /* Where the badge of a mask goes: to its spot, or beside those that are there already. */
  function free(taken, x, y, step) {
    while (taken.some(other => Math.hypot(other.x - x, other.y - y) < step))
      x += step;
    taken.push({x, y});
    return {x, y};
  }

  /* A sign on a disc, in the middle of each mask that is large enough in the view. */
  function badges(context, list, {scale, x, y}, ratio) {
    const taken = [];
    context.globalAlpha = 1;
    for (const {mask, state} of list) {
      const [x0, y0, x1, y1] = mask.box;
      if (scale * Math.max(x1 - x0, y1 - y0) < LEAST * ratio)
        continue;
      mask.spot = mask.spot || spot(mask);
      const at = free(taken, x + scale * mask.spot.x, y + scale * mask.spot.y, 2 * RADIUS * ratio);
      context.setTransform(ratio, 0, 0, ratio, at.x, at.y);
      badge(context, GLYPHS[state]);
    }
  }

  function badge(context, glyph) {
    context.beginPath();
    context.arc(0, 0, RADIUS, 0, 2 * Math.PI);
    context.fillStyle = DARK;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = GRAY;
    context.stroke();
    context.lineWidth = 1.75;
    context.beginPath();
    for (const [fromX, fromY, ...points] of glyph) {
      context.moveTo(fromX, fromY);
      for (let i = 0; i < points.length; i += 2)
        context.lineTo(points[i], points[i + 1]);
    }
    context.stroke();
  }

  return {hatch, badges};
})();
