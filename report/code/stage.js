/* Stage: the photograph with its masks, to zoom and to pan. Photograph and masks are layers: <img>,
 * a canvas that a worker draws, and a canvas for the masks that are pointed at. */
const Stage = (() => {
  const MOST = 64, STEP = 1.3;          /* pixels of the screen to one of the image; a key's zoom */
  const MARGIN = 12;                    /* pixels around an image that fits */

  /* paint(view): resolves to a bitmap of the masks. hover(point), pick(point): the pixel under the
   * pointer, or null. moved(view): the user has zoomed or panned; look(view) does the same to another
   * stage. followed(view, ratio): so has whoever; the view in pixels of the device. */
  function create({paint, hover, pick, label, moved = () => {}, followed = () => {}}) {
    const layer = Dom.make('canvas', {class: 'stage-layer'});
    const marks = Dom.make('canvas', {class: 'stage-layer'});
    const sheet = Dom.make('div', {class: 'stage-photo'});
    const element = Dom.make('div', {class: 'stage', tabindex: '0', role: 'img',
      'aria-label': label}, sheet, layer, marks);
    const size = {width: 1, height: 1};
    let view = {scale: 1, x: 0, y: 0}, drawn = null, fitted = true, shapes = [];

    const ratio = () => devicePixelRatio;
    const fit = () => Math.min((element.clientWidth - 2 * MARGIN) / size.width,
      (element.clientHeight - 2 * MARGIN) / size.height);

    /* The view in pixels of the device, as workers have it. */
    const device = line => ({scale: view.scale * ratio(), x: view.x * ratio(), y: view.y * ratio(),
      width: Math.max(1, Math.round(element.clientWidth * ratio())),
      height: Math.max(1, Math.round(element.clientHeight * ratio())), line});

    /* Masks stay where they belong until the worker has drawn them anew. */
    function follow() {
      sheet.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
      sheet.classList.toggle('pixels', view.scale * ratio() >= 3);
      if (drawn) {
        const scale = view.scale / drawn.scale;
        layer.style.transform = `translate(${view.x - drawn.x * scale}px, ${
          view.y - drawn.y * scale}px) scale(${scale})`;
      }
      Marks.draw(marks, device(0), ratio(), shapes);
      followed(device(0), ratio());
    }

    /* Lines of one pixel at first; where pixels are small, wider ones once nothing moves. */
    let timer = 0, line = 1;
    const redraw = Dom.latest(async () => {
      const at = {...view}, target = device(line);
      clearTimeout(timer);
      if (line < ratio())
        timer = setTimeout(() => { line = ratio(); redraw(); }, 150);
      line = 1;
      const bitmap = await paint(target);
      if (!bitmap)
        return;
      layer.style.width = target.width / ratio() + 'px';
      layer.style.height = target.height / ratio() + 'px';
      layer.getContext('bitmaprenderer').transferFromImageBitmap(bitmap);
      drawn = at;
      follow();
    });

    const changed = Dom.eachFrame(() => { follow(); redraw(); });

    /* Keeps the image in sight: it may leave the middle of the stage, but not more. */
    function set(scale, x, y) {
      const keep = (at, length, room) => Math.min(Math.max(at, room / 2 - length), room / 2);
      view = {scale, x: keep(x, size.width * scale, element.clientWidth),
        y: keep(y, size.height * scale, element.clientHeight)};
      changed();
    }

    function reset() {
      const scale = Math.min(Math.max(fit(), 1e-4), MOST);
      fitted = true;
      set(scale, (element.clientWidth - size.width * scale) / 2,
        (element.clientHeight - size.height * scale) / 2);
      moved(view);
    }

    /* Zooms by a factor; the point (x, y) of the stage stays where it is. */
    function zoom(factor, x = element.clientWidth / 2, y = element.clientHeight / 2) {
      const scale = Math.min(Math.max(view.scale * factor, Math.min(fit(), 1) / 2), MOST);
      const by = scale / view.scale;
      fitted = false;
      set(scale, x - (x - view.x) * by, y - (y - view.y) * by);
      moved(view);
    }

    function pan(dx, dy) {
      fitted = false;
      set(view.scale, view.x + dx, view.y + dy);
      moved(view);
    }

    function look({scale, x, y}) {
      fitted = false;
      set(scale, x, y);
    }

    /* A point of the stage in the image, which may lie beside it; and its pixel there, or null. */
    const inImage = (x, y) => ({x: (x - view.x) / view.scale, y: (y - view.y) / view.scale});
    function pixel(x, y) {
      const at = inImage(x, y), px = Math.floor(at.x), py = Math.floor(at.y);
      return px >= 0 && py >= 0 && px < size.width && py < size.height ? {x: px, y: py} : null;
    }

    /* Shows another image: its size, and an <img> or null. */
    function show(width, height, image) {
      const same = size.width === width && size.height === height && !fitted;
      Object.assign(size, {width, height});
      sheet.style.width = width + 'px';
      sheet.style.height = height + 'px';
      sheet.replaceChildren(...(image ? [image] : []));
      sheet.classList.toggle('none', !image);
      sheet.hidden = !image && width * height === 1;      /* nothing is known of it */
      if (same)
        changed();
      else
        reset();
    }

    /* Masks that stand out: [{rings, colour, strong}]. */
    function mark(list) {
      shapes = list;
      follow();
    }

    Gestures.listen(element, {zoom, pan, hover: (x, y) => hover(x === null ? null : pixel(x, y), x, y),
      pick: (x, y) => pick(pixel(x, y))});
    new ResizeObserver(() => {
      if (element.clientWidth)
        (fitted ? reset : changed)();
    }).observe(element);
    return {element, show, mark, redraw, pan, reset, look, pixel, inImage,
      in: () => zoom(STEP), out: () => zoom(1 / STEP), full: () => zoom(1 / ratio() / view.scale),
      clear() { drawn = null; layer.style.width = '0'; mark([]); },
      say: text => element.setAttribute('aria-label', text),
      dim: on => layer.classList.toggle('dim', on)};
  }

  return {create};
})();
