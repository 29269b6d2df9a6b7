/* Tile: one image in the gallery. Its picture comes from a worker, once it is in view. */
const Tile = (() => {
  const PARALLEL = 2 * Workers.SIZE;
  const notes = [];             /* what else is said of an image: note(row) is a text or '' */
  let busy = 0;

  function make() {
    const canvas = Dom.make('canvas', {'aria-hidden': 'true'});
    const photo = Dom.make('img', {alt: '', decoding: 'async', hidden: true,
      onload() { photo.hidden = false; }});
    const reason = Dom.make('span', {class: 'tile-reason'});
    const name = Dom.make('span', {class: 'tile-name'});
    const facts = Dom.make('span', {class: 'tile-facts faint'});
    const link = Dom.make('a', {class: 'tile-link', tabindex: '-1'},
      Dom.make('span', {class: 'tile-picture'}, photo, canvas, reason),
      Dom.make('span', {class: 'tile-foot'}, name, facts));
    const tile = Dom.make('div', {class: 'tile', role: 'listitem'}, link);
    const parts = {canvas, photo, reason, name, facts, link};
    return Object.assign(tile, {parts, job: null, key: '', row: -1});
  }

  /* What is said of an image below its picture. */
  function facts(rows, row) {
    if (rows.status[row] === Rows.FAILED)
      return 'failed';
    if (rows.status[row] === Rows.REFUSED)
      return 'record refused';
    const masks = List.masks(rows, row), all = rows.masks[row];
    const of = masks === all ? Text.counted(all, 'mask')
      : `${Text.count(masks)} of ${Text.counted(all, 'mask')}`;
    return all && !Number.isNaN(rows.iou[row]) ? `${of} · IoU ${Text.number(rows.iou[row], 2)}` : of;
  }

  /* What a picture is drawn from; as long as it stays the same, so does the picture. */
  const key = (rows, row, width, height, version) =>
    [rows.run, row, width, height, version, devicePixelRatio].join();

  /* Shows an image, as text at once. `width` and `height` are those of the picture's place;
   * `version` changes with the way masks are drawn. */
  function fill(tile, rows, row, width, height, version) {
    const {canvas, photo, reason, name, facts: line, link} = tile.parts;
    const w = rows.width[row], h = rows.height[row];
    const failed = rows.status[row] !== Rows.DONE;
    const scale = w > 0 && h > 0 ? Math.min(width / w, height / h) : 0;     /* 0: not known */
    name.textContent = rows.name[row].replace(/^.*\/(?=.)/s, '');
    link.title = rows.name[row];
    link.href = Router.link('image', [rows.run, row]);
    line.textContent = [...notes.map(note => note(row)), facts(rows, row)].filter(text => text).join(' · ');
    tile.classList.toggle('failed', failed);
    const wanted = key(rows, row, width, height, version);
    if (tile.key === wanted && (tile.job || failed))
      return;
    reason.textContent = failed ? rows.reason[row] || 'no reason recorded' : '';
    if (tile.row !== row)
      empty(tile);                /* else its picture stays until the next is drawn */
    Object.assign(tile, {key: wanted, row, job: null});
    if (failed || scale === 0)
      return;
    tile.job = {rows, row, begun: false, width: Math.max(1, Math.round(w * scale)),
      height: Math.max(1, Math.round(h * scale))};
    for (const layer of [canvas, photo]) {
      layer.style.width = tile.job.width + 'px';
      layer.style.height = tile.job.height + 'px';
    }
  }

  function empty({parts: {canvas, photo}}) {
    canvas.style.visibility = 'hidden';
    photo.hidden = true;
    photo.removeAttribute('src');
  }

  /* Goes out of view: a picture that is under way is dropped when it comes. */
  function clear(tile) {
    tile.job = null;
    tile.row = -1;
    empty(tile);
    tile.parts.link.blur();
  }

  const NONE = {thumb: null, counts: [], area: [], iou: null, stability: null};

  async function draw(tile, job, look) {
    const {rows, row, width, height} = job;
    const image = await Data.image(rows.run, row) || NONE;
    if (tile.job !== job)
      return;
    if (!image.thumb && Photo.linked(rows, row))
      tile.parts.photo.src = Photo.url(rows, row);
    const ratio = devicePixelRatio, applied = Thresholds.of(rows.run);
    const {bitmap} = await Workers.call('tile', {
      image, look,
      thresholds: applied ? applied.thresholds : Thresholds.neutral(),
      size: {width: rows.width[row], height: rows.height[row]},
      width: Math.round(width * ratio), height: Math.round(height * ratio),
    });
    if (tile.job !== job) {
      bitmap.close();
      return;
    }
    const {canvas} = tile.parts;
    canvas.getContext('bitmaprenderer').transferFromImageBitmap(bitmap);
    canvas.style.visibility = 'visible';
  }

  /* Draws those of the tiles that have no picture yet, a few at a time, and the first first. What
   * has scrolled away in the meantime costs nothing. */
  function pump(tiles, look) {
    for (const tile of tiles()) {
      if (busy >= PARALLEL)
        return;
      const job = tile.job;
      if (!job || job.begun)
        continue;
      job.begun = true;
      busy++;
      draw(tile, job, look()).catch(error => {
        if (tile.job === job)
          tile.parts.reason.textContent = error.message;
      }).finally(() => {
        busy--;
        pump(tiles, look);
      });
    }
  }

  return {make, fill, clear, pump, note: note => notes.push(note)};
})();
