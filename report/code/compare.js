/* Compare: the pairs of images as a grid, each with the masks of both runs. */
const Compare = (() => {
  const LEAST = 300, COLUMNS = 6;       /* pixels; columns at most */
  const FOOT = 70, ASPECT = 0.4, GAP = 2;
  let page = null, order = [], current = -1;

  const look = () => Look.of(Router.params());

  /* One half of a tile: what Tile draws into. */
  function half() {
    const canvas = Dom.make('canvas', {'aria-hidden': 'true'});
    const reason = Dom.make('span', {class: 'tile-reason'});
    const element = Dom.make('span', {class: 'tile-picture'}, canvas, reason);
    return {element, parts: {canvas, reason}, job: null};
  }

  function make() {
    const halves = [half(), half()];
    const name = Dom.make('span', {class: 'tile-name'});
    const facts = Dom.make('span', {class: 'tile-facts faint'});
    const bar = Dom.make('span', {class: 'pair-bar', 'aria-hidden': 'true'}, Dom.make('span'));
    const link = Dom.make('a', {class: 'tile-link', tabindex: '-1'},
      Dom.make('span', {class: 'pair-pictures'}, halves.map(one => one.element)),
      bar, Dom.make('span', {class: 'tile-foot'}, name, facts));
    return Object.assign(Dom.make('div', {class: 'tile', role: 'listitem'}, link),
      {halves, parts: {name, facts, link, level: bar.firstChild}});
  }

  function fillHalf(one, run, row, width, height) {
    const rows = Rows.of(run), {canvas, reason} = one.parts;
    const done = row >= 0 && rows.status[row] === Rows.DONE;
    const known = done && rows.width[row] > 0 && rows.height[row] > 0;
    const scale = known ? Math.min(width / rows.width[row], height / rows.height[row]) : 0;
    one.job = scale ? {rows, row, width: Math.max(1, Math.round(rows.width[row] * scale)),
      height: Math.max(1, Math.round(rows.height[row] * scale))} : null;
    reason.textContent = done ? '' : row < 0 ? `Not in ${RunNumbers.label(run)}`
      : rows.reason[row] || 'No reason recorded';
    canvas.style.visibility = 'hidden';
    canvas.style.width = `${one.job?.width ?? 0}px`;
    canvas.style.height = `${one.job?.height ?? 0}px`;
  }

  function fill(tile, index, width, height) {
    const pair = order[index], {name, facts, link, level} = tile.parts;
    tile.halves.forEach((one, run) =>
      fillHalf(one, run, Pairs.row(pair, run), (width - GAP) / 2, height));
    name.textContent = Pairs.name(pair).replace(/^.*\/(?=.)/s, '');
    facts.replaceChildren(`${Text.percent(Pairs.difference(pair), 0)} differ · ${Pairs.twinFacts(pair)}`,
      Dom.make('br'), Pairs.onlyFacts(pair));
    level.style.width = `${100 * Pairs.difference(pair)}%`;
    link.title = Pairs.name(pair);
    link.href = Router.link('pair', [pair]);
    link.tabIndex = index === Math.max(current, 0) ? 0 : -1;
    tile.setAttribute('aria-setsize', order.length);
    tile.setAttribute('aria-posinset', index + 1);
    pump();
  }

  function clear(tile) {
    for (const one of tile.halves)
      one.job = null;
  }

  const halves = () => [...page.grid.tiles.values()].flatMap(tile => tile.halves);
  const pump = Dom.eachFrame(() => Tile.pump(halves, look));

  function build(container) {
    const search = Dom.make('input', {type: 'search', placeholder: 'Search names',
      oninput() { Router.replace({q: search.value}); changed(); }});
    const sort = Dom.make('select',
      {onchange() { Router.replace({pairs: sort.value || null}); changed(); }},
      Pairs.SORTS.map(([value, text]) => Dom.make('option', {value}, text)));
    const field = (text, input) =>
      Dom.make('label', {class: 'field'}, Dom.make('span', {class: 'unseen'}, text), input);
    const looks = Look.buttons(redraw);
    const status = Dom.make('p', {class: 'count', role: 'status'});
    const none = Dom.make('p', {class: 'empty', hidden: true}, 'No image is like that.');
    const scroller = Dom.make('div', {class: 'grid', 'aria-label': 'Pairs of images',
      role: 'region'});
    const grid = Grid.create(scroller, {make, fill, clear, foot: FOOT, aspect: ASPECT,
      least: () => Math.max(LEAST, innerWidth / COLUMNS)});
    container.append(Dom.make('div', {class: 'filters', role: 'search',
      'aria-label': 'Pairs of images'},
      Dom.make('div', {class: 'bar'}, field('Search names', search), field('Sort by', sort),
        Dom.make('div', {class: 'group'}, looks.elements), status)), none, scroller);
    page = {search, sort, looks, status, none, grid};
  }

  const changed = Dom.eachFrame(() => refresh(false));

  function refresh(keep) {
    const params = Router.params();
    order = Pairs.list(params.get('q') || '', params.get('pairs') || '');
    current = keep ? Math.min(current, order.length - 1) : -1;
    if (document.activeElement !== page.search)
      page.search.value = params.get('q') || '';
    page.sort.value = params.get('pairs') || '';
    page.looks.update();
    page.none.hidden = order.length > 0;
    page.status.textContent = `${Text.counted(order.length, 'image')} · twins at IoU ${
      Data.report.compare.iou} or more`;
    page.grid.show(order.length, keep);
  }

  function redraw() {
    page.looks.update();
    page.grid.resize();
  }

  /* Moves the focus by so many tiles. */
  function step(by) {
    if (!order.length)
      return;
    const from = page.grid.tiles.has(current) ? current : page.grid.first() - by;
    page.grid.tiles.get(current)?.parts.link.setAttribute('tabindex', '-1');
    current = Math.min(Math.max(from + by, 0), order.length - 1);
    const {link} = page.grid.reveal(current).parts;
    link.tabIndex = 0;
    link.focus({preventScroll: true});
  }

  async function open(container) {
    if (!Data.report.compare)
      return Router.instead('gallery', ['0']);
    await Pairs.all();
    const again = page !== null;
    if (!again)
      build(container);
    refresh(again);
  }

  const keys = [
    {keys: ['/'], help: 'Search names', run() { page.search.focus(); page.search.select(); }},
    {keys: ['ArrowRight'], help: 'Next pair', run: () => step(1)},
    {keys: ['ArrowLeft'], help: 'Previous pair', run: () => step(-1)},
    {keys: ['ArrowDown'], help: 'Pair below', run: () => step(page.grid.columns())},
    {keys: ['ArrowUp'], help: 'Pair above', run: () => step(-page.grid.columns())},
    {keys: ['Home'], help: 'First pair', run: () => step(-order.length)},
    {keys: ['End'], help: 'Last pair', run: () => step(order.length)},
    ...Look.keys(() => redraw()),
  ];

  return {open, keys};
})();

Router.add('compare', {title: 'Compare', link: () => Data.report.compare ? [] : null,
  open: Compare.open, keys: Compare.keys});
