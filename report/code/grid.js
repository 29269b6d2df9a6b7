/* Grid: a scrolled grid of any number of tiles, of which only those in view exist. */
const Grid = (() => {
  const GAP = 12;
  const MARGIN = 1;             /* rows kept above and below the view */
  const HIGHEST = 8e6;          /* pixels; browsers take at most 16 to 33 million */
  const EXACT = 5e5;            /* pixels at both ends where scrolling is one to one */

  /* Maps between where the scroll bar is and where the grid is, both in pixels, for a grid that is
   * higher than an element may be: one to one near both ends, stretched between. */
  function stretch(total, view) {
    const high = Math.min(total, HIGHEST), spread = total - high;
    const inner = high - view - 2 * EXACT;
    return {
      high, spread,
      toGrid: at => at + (spread && spread * Math.min(Math.max(at - EXACT, 0), inner) / inner),
      toBar(at) {
        if (spread === 0 || at <= EXACT)
          return at;
        const end = EXACT + inner + spread;
        return at >= end ? at - spread : EXACT + (at - EXACT) * inner / (inner + spread);
      },
    };
  }

  /* make(): an empty tile. fill(tile, index) shows an item; clear(tile): it is out of view.
   * least(): the least width of a tile; foot: height below its picture. */
  function create(scroller, {make, fill, clear, least, foot, aspect = 0.75}) {
    const band = Dom.make('div', {class: 'grid-band', role: 'list'});
    const sizer = Dom.make('div', {class: 'grid-sizer'}, band);
    const tiles = new Map();            /* index -> tile */
    const spare = [];
    let count = 0, columns = 1, width = 100, height = 100, map = stretch(0, 0);
    let position = 0;                   /* of the view in the grid, pixels */
    let shift = 0;                      /* position - where the scroll bar is */
    let idle = 0;                       /* timer of settle() */

    const view = () => scroller.clientHeight;
    const total = () => Math.ceil(count / columns) * (height + GAP) + GAP;

    function measure() {
      const all = scroller.clientWidth - 2 * GAP;
      /* Narrow windows have two columns, unless large pictures are asked for. */
      const limit = least() * 1.5 > all ? all : Math.min(least(), Math.floor((all - GAP) / 2));
      columns = Math.max(1, Math.floor((all + GAP) / (limit + GAP)));
      width = Math.floor((all - GAP * (columns - 1)) / columns);
      height = Math.round(width * aspect) + foot;
      map = stretch(total(), view());
      sizer.style.height = map.high + 'px';
    }

    function drop(index) {
      const tile = tiles.get(index);
      tiles.delete(index);
      clear(tile);
      tile.hidden = true;
      spare.push(tile);
    }

    function furnish(tile, index) {
      tile.style.width = width + 'px';
      tile.style.height = height + 'px';
      fill(tile, index, width, height - foot);
    }

    function place(index, first) {
      let tile = tiles.get(index);
      if (!tile) {
        tile = spare.pop() || band.appendChild(make());
        tile.hidden = false;
        tiles.set(index, tile);
        furnish(tile, index);
      }
      const x = GAP + index % columns * (width + GAP);
      const y = (Math.floor(index / columns) - first) * (height + GAP);
      tile.style.transform = `translate(${x}px, ${y}px)`;
    }

    function draw() {
      const step = height + GAP;
      const first = Math.max(0, Math.floor((position - GAP) / step) - MARGIN);
      const end = Math.min(count, columns * (Math.ceil((position + view()) / step) + MARGIN));
      for (const index of tiles.keys())
        if (index < first * columns || index >= end)
          drop(index);
      band.style.top = GAP + first * step - shift + 'px';
      for (let index = first * columns; index < end; index++)
        place(index, first);
      clearTimeout(idle);
      idle = setTimeout(settle, 200);
    }

    /* Once nothing moves. */
    function settle() {
      const bar = Math.round(map.toBar(position));
      if (shift && Math.abs(bar - scroller.scrollTop) > 1) {
        scroller.scrollTop = bar;
        shift = position - scroller.scrollTop;
        draw();
      }
      tidy();
    }

    /* Scrolls to a position, and puts the bar where it belongs. */
    function move(to) {
      position = Math.max(0, Math.min(to, total() - view()));
      scroller.scrollTop = Math.round(map.toBar(position));
      shift = map.spread && position - scroller.scrollTop;
      draw();
    }

    /* A small step is taken as it is, so that a wheel moves the tiles as far as anywhere; a leap of
     * the bar goes where the bar points. */
    const scrolled = Dom.eachFrame(() => {
      if (view() === 0)
        return;
      const bar = scroller.scrollTop;
      if (Math.abs(bar + shift - position) > view())
        shift = map.toGrid(bar) - bar;
      position = bar + shift;
      draw();
    });

    /* Puts the elements into the order of the items, for whoever reads the page by its elements. The
     * one that has the focus stays where it is, or it would lose it. */
    function tidy() {
      const order = [...tiles].sort(([a], [b]) => a - b).map(([, tile]) => tile);
      const now = [...band.children].filter(tile => !tile.hidden);
      if (order.every((tile, i) => tile === now[i]))
        return;
      const fixed = order.findIndex(tile => tile.contains(document.activeElement));
      order.slice(0, Math.max(0, fixed)).forEach(tile => band.insertBefore(tile, order[fixed]));
      band.append(...order.slice(fixed + 1));
    }

    /* Fills the tiles in view once more: what they show has changed. */
    function refresh() {
      for (const [index, tile] of tiles)
        furnish(tile, index);
    }

    /* After a change of the size: the first item in view stays in view. */
    function resize() {
      const before = width, index = Math.round(position / (height + GAP)) * columns;
      measure();
      if (width !== before)
        refresh();
      move(width === before ? position : Math.floor(index / columns) * (height + GAP));
    }

    /* Shows `n` items, from the top, unless the place is to be kept. */
    function show(n, keep) {
      count = n;
      measure();
      for (const index of tiles.keys())
        if (index >= count)
          drop(index);
      refresh();
      move(keep ? position : 0);
    }

    /* Scrolls as little as is needed to show an item, and returns its tile. */
    function reveal(index) {
      const y = Math.floor(index / columns) * (height + GAP);
      if (y < position)
        move(y);
      else if (y + height + 2 * GAP > position + view())
        move(y + height + 2 * GAP - view());
      else
        draw();
      return tiles.get(index);
    }

    scroller.append(sizer);
    scroller.addEventListener('scroll', scrolled, {passive: true});
    new ResizeObserver(Dom.eachFrame(() => { if (scroller.clientWidth) resize(); })).observe(scroller);
    return {show, reveal, resize, refresh, tiles, columns: () => columns,
      first: () => Math.max(0, Math.ceil((position - GAP) / (height + GAP))) * columns};
  }

  return {create};
})();
