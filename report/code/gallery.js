/* Gallery: the images of a run as a grid of thumbnails with their masks. */
const Gallery = (() => {
  const SIZES = [132, 208, 340];        /* least width of a tile, pixels */
  const FOOT = 46;                      /* height below the picture */
  let page = null;                      /* what build() made */
  let run = 0, order = new Uint32Array(0), current = -1;
  let visited = null;                   /* {number, row}: the image that was open last */

  const look = () => Look.of(Router.params());
  const size = () => Math.min(2, Math.max(0, Math.round(Router.params().get('size') ?? 1) || 0));

  /* Differs whenever pictures are to be drawn otherwise. */
  function version() {
    const applied = Thresholds.of(run);
    return (Router.params().get('look') || '') + (applied ? applied.time : '');
  }

  function fill(tile, index, width, height) {
    Tile.fill(tile, Rows.of(run), order[index], width, height, version());
    tile.setAttribute('aria-setsize', order.length);
    tile.setAttribute('aria-posinset', index + 1);
    tile.parts.link.tabIndex = index === Math.max(current, 0) ? 0 : -1;
    pump();
  }

  const pump = Dom.eachFrame(() => Tile.pump(() => page.grid.tiles.values(), look));

  function build(container) {
    const scroller = Dom.make('div', {class: 'grid', 'aria-label': 'Images', role: 'region'});
    const grid = Grid.create(scroller, {make: Tile.make, fill, clear: Tile.clear,
      least: () => SIZES[size()], foot: FOOT});
    const looks = Look.buttons(redraw);
    const extra = Dom.make('div', {class: 'group'}, ...looks.elements,
      Dom.button('−', () => resize(-1), {class: 'icon', 'aria-label': 'Smaller', title: 'Smaller (-)'}),
      Dom.button('+', () => resize(1), {class: 'icon', 'aria-label': 'Larger', title: 'Larger (+)'}));
    const bar = FilterBar.create(Dom.eachFrame(() => refresh(false)), extra);
    const none = Dom.make('p', {class: 'empty', hidden: true});
    const applied = Dom.make('p', {class: 'applied', hidden: true});
    container.append(bar.element, applied, none, scroller);
    page = {scroller, grid, bar, none, applied, looks};
    Rows.watch(rows => { if (rows.run === run && !container.hidden) refresh(true); });
  }

  function say() {
    const rows = Rows.of(run), images = Text.counted(rows.count, 'image');
    page.bar.status.textContent = order.length === rows.count ? images
      : rows.loaded < rows.count ? `${Text.count(rows.loaded)} of ${images} read`
        : `${Text.count(order.length)} of ${images}`;
  }

  /* The thresholds that are applied to all images, and how to lose them. */
  function sayApplied() {
    const applied = Thresholds.of(run);
    page.applied.hidden = !applied;
    if (!applied)
      return;
    const all = () => {
      Thresholds.forget(run);
      refresh(true);
    };
    page.applied.replaceChildren(
      Dom.make('span', {}, `Thresholds keep ${Thresholds.said(run)}.`),
      Dom.button('Show all masks', all, {class: 'quiet'}));
  }

  /* Lists what the address says. `keep`: stay at this place. */
  function refresh(keep) {
    const params = Router.params();
    order = List.of(run, params);
    current = keep ? Math.min(current, order.length - 1) : -1;
    page.bar.update(params, run);
    page.looks.update();
    const {loaded, count, problem} = Rows.of(run);
    page.none.hidden = order.length > 0 || loaded < count && !problem;
    page.none.textContent = problem ? `The list of images is not complete: ${problem}.`
      : count ? 'No image is like that.' : 'This run has no images.';
    say();
    sayApplied();
    page.grid.show(order.length, keep);
  }

  function redraw() {
    page.looks.update();
    page.grid.refresh();
  }

  function resize(step) {
    const to = Math.min(2, Math.max(0, size() + step));
    Router.replace({size: to === 1 ? null : String(to)});
    page.grid.resize();
  }

  /* Moves the focus by so many tiles, to the first one in view if there is none. */
  function step(by) {
    focus(page.grid.tiles.has(current) ? current + by : page.grid.first());
  }

  function focus(index) {
    if (order.length === 0)
      return;
    const before = page.grid.tiles.get(current);
    if (before)
      before.parts.link.tabIndex = -1;
    current = Math.min(Math.max(index, 0), order.length - 1);
    const {link} = page.grid.reveal(current).parts;
    link.tabIndex = 0;
    link.focus({preventScroll: true});
  }

  function open(container, args) {
    const wanted = Number(args[0]);
    const number = Data.report.runs[wanted] ? wanted : 0, same = page !== null && number === run;
    run = number;
    if (!page)
      build(container);
    refresh(same);
    if (visited)
      visit();
  }

  /* The image that the next open() is to show. */
  function point(number, row) {
    visited = {number, row};
  }

  function visit() {
    const {number, row} = visited;
    const at = number === run ? order.indexOf(row) : -1;
    visited = null;
    if (at >= 0)
      focus(at);
  }

  /* Puts the cursor into the search field, now or when the page opens. */
  function search() {
    setTimeout(() => page.bar.focus(), 0);
  }

  const keys = [
    {keys: ['/'], help: 'Search names', run: () => page.bar.focus()},
    {keys: ['ArrowRight'], help: 'Next image', run: () => step(1)},
    {keys: ['ArrowLeft'], help: 'Previous image', run: () => step(-1)},
    {keys: ['ArrowDown'], help: 'Image below', run: () => step(page.grid.columns())},
    {keys: ['ArrowUp'], help: 'Image above', run: () => step(-page.grid.columns())},
    {keys: ['Home'], help: 'First image', run: () => focus(0)},
    {keys: ['End'], help: 'Last image', run: () => focus(order.length - 1)},
    {keys: ['Enter'], help: 'Open the image', run: () => false},
    ...Look.keys(() => redraw()),
    {keys: ['+', '='], help: 'Larger pictures', run: () => resize(1)},
    {keys: ['-'], help: 'Smaller pictures', run: () => resize(-1)},
  ];

  /* What is said of the images has changed. */
  function renew() {
    if (page && page.scroller.offsetParent)
      refresh(true);
  }

  return {open, keys, point, search, renew, run: () => visited ? visited.number : run};
})();

Router.add('gallery', {title: 'Gallery', link: () => [Gallery.run()], open: Gallery.open,
  keys: Gallery.keys});
