/* PairSide: one of the two photographs of a pair, with its masks: twins in their colours, masks that
 * only this run has with a strong outline in the run's colour. */
const PairSide = (() => {
  /* point(mask), pick(mask): mask is -1 where there is none. moved(view): the other side follows. */
  function create(run, {point, pick, moved}) {
    const worker = Workers.own();
    const title = Dom.make('strong', {}), facts = Dom.make('span', {class: 'faint'});
    const note = Dom.make('p', {class: 'side-note', hidden: true});
    const stage = Stage.create({paint, moved,
      label: `Photograph with the masks of ${RunNumbers.label(run)}`,
      hover: pixel => point(at(pixel)), pick: pixel => pick(at(pixel))});
    const element = Dom.make('div', {class: 'side'},
      Dom.make('p', {class: 'side-title'}, ChartFrame.swatch(run), title, ' ', facts),
      Dom.make('div', {class: 'stage-frame'}, stage.element, note));
    let now = null;     /* {image, masks, size, twin, colours, keep} */

    /* The smallest of the masks under a pixel that are shown. */
    function at(pixel) {
      if (!pixel || !now?.masks)
        return -1;
      const [first = -1] = Masks.under(now.masks, now.keep, now.size.height, pixel);
      return first;
    }

    async function paint(view) {
      const of = now;
      if (!of?.masks)
        return null;
      const {bitmap} = await worker.call('beside', {view, colours: of.colours,
        twins: of.keep.map((kept, id) => kept && of.twin[id] >= 0 ? 1 : 0),
        only: of.keep.map((kept, id) => kept && of.twin[id] < 0 ? 1 : 0)});
      if (of === now)
        return bitmap;
      bitmap.close();
      return null;
    }

    function clear(text) {
      now = null;
      title.textContent = RunNumbers.label(run);
      facts.textContent = '';
      note.textContent = text;
      note.hidden = text === '';
      stage.clear();
    }

    /* Opens a row; resolves once its masks are there, to false if another one was opened meanwhile.
     * `size` is the image's; `twin` gives for each mask its twin, or -1. */
    async function open(row, size, twin, count) {
      const rows = Rows.of(run);
      clear(row < 0 ? 'This run does not have the image.'
        : rows.status[row] === Rows.DONE ? '' : rows.reason[row] || 'It failed.');
      const of = now = {size, twin, keep: new Uint8Array(0), masks: null, image: null};
      stage.show(size.width, size.height, null);
      const image = row < 0 ? null : await Data.image(run, row);
      if (!image || of !== now)
        return of === now;
      Photo.load(rows, row, image).then(photo => {
        if (of === now)
          stage.show(size.width, size.height, photo);
      });
      const masks = await worker.call('open',
        {image: {...image, thumb: null}, height: size.height, answer: true});
      if (of !== now)
        return false;
      facts.textContent = count(masks.length);
      Object.assign(of, {image, masks});
      return true;
    }

    /* Which masks are shown, and the colours of all. */
    function draw(keep, colours) {
      Object.assign(now, {keep, colours});
      stage.redraw();
    }

    /* Lets masks stand out: [{id, strong}]. */
    function mark(list) {
      stage.mark(list.map(({id, strong}) =>
        ({rings: now.masks[id].rings, colour: now.colours[id], strong})));
    }

    return {element, stage, open, draw, mark, clear, now: () => now};
  }

  return {create};
})();
