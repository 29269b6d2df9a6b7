/* Pair: an image with the masks of two runs. What is open is in `now`; the parts are in `page`. */
const Pair = (() => {
  const {make} = Dom;
  const KINDS = [['twins', 'Twins'], ['0', ''], ['1', '']];
  let page = null;
  let now = null;               /* {pair, order, twins, ready} */
  const shown = {twins: true, 0: true, 1: true};
  let pinned = null, pointed = null;      /* {run, id} of a mask */

  function icon(text, label, key, act) {
    return Dom.button(text, act, {class: 'icon', 'aria-label': label, title: `${label} (${key})`,
      'aria-keyshortcuts': key});
  }

  function build(container) {
    const sides = [0, 1].map(run => PairSide.create(run, {
      point: id => point(id < 0 ? null : {run, id}), pick: id => pin(id < 0 ? null : {run, id}),
      moved: view => sides[1 - run].stage.look(view)}));
    const name = make('h2', {class: 'image-name'});
    const facts = make('span', {class: 'image-facts faint'});
    const place = make('span', {class: 'faint', role: 'status'});
    const kinds = KINDS.map(([kind], i) => Dom.button('', () => toggle(kind),
      {'aria-keyshortcuts': String('tab'[i])}));
    const [stage] = sides.map(side => side.stage);
    const bar = make('div', {class: 'bar image-bar'}, name, facts,
      make('div', {class: 'group'}, icon('‹', 'Previous pair', 'p', () => step(-1)), place,
        icon('›', 'Next pair', 'n', () => step(1))),
      make('div', {class: 'group'}, kinds),
      make('div', {class: 'group'}, icon('−', 'Zoom out', '-', stage.out), icon('+', 'Zoom in', '+',
        stage.in),
        Dom.button('Fit', stage.reset, {title: 'Fit the window (0)', 'aria-keyshortcuts': '0'})));
    const panel = PairPanel.create({point, pick: pin});
    container.append(bar, make('div', {class: 'image-body'},
      make('div', {class: 'sides'}, sides.map(side => side.element)), panel.element));
    page = {sides, name, facts, place, kinds, panel};
  }

  /* The colour of a mask: twins have that of the mask in the first run. */
  function colours(run) {
    const side = page.sides[run].now(), first = page.sides[0].now();
    const own = getComputedStyle(document.documentElement).getPropertyValue(`--series-${run}`).trim();
    return side.masks.map((_, id) => side.twin[id] < 0 ? own
      : run ? first.masks[side.twin[id]].colour : side.masks[id].colour);
  }

  function draw() {
    page.sides.forEach((side, run) => {
      const {masks, twin} = side.now();
      if (masks)
        side.draw(Uint8Array.from(masks, (_, id) => shown[twin[id] >= 0 ? 'twins' : run] ? 1 : 0),
          colours(run));
    });
    marks();
    update();
  }

  function update() {
    const texts = ['Twins', ...[0, 1].map(run => `Only ${RunNumbers.label(run)}`)];
    const counts = [now.twins.length, Pairs.only(now.pair, 0), Pairs.only(now.pair, 1)];
    page.kinds.forEach((button, i) => {
      button.replaceChildren(i ? ChartFrame.swatch(i - 1) : '',
        `${texts[i]} ${Text.count(Math.max(0, counts[i]))}`);
      button.setAttribute('aria-pressed', shown[KINDS[i][0]]);
    });
  }

  /* A mask together with its twin, as [mask of run 0, mask of run 1]; -1: none. */
  function both({run, id}) {
    const other = page.sides[run].now().twin[id];
    return run ? [other, id] : [id, other];
  }

  function marks() {
    const list = [pinned, pointed].filter(mask => mask);
    page.sides.forEach((side, run) => {
      if (side.now()?.masks)
        side.mark(list.map(mask => ({id: both(mask)[run], strong: mask === pinned}))
          .filter(({id}) => id >= 0));
    });
    const told = pointed || pinned;
    page.panel.describe(told && both(told), page.sides.map(side => side.now()), now.twins,
      told === pinned);
    page.panel.select(pinned && both(pinned));
  }

  const same = (a, b) => a === b || a !== null && b !== null && String(both(a)) === String(both(b));

  function point(mask) {
    if (!now?.ready || same(mask, pointed))
      return;
    pointed = mask;
    marks();
  }

  function pin(mask) {
    if (!now?.ready)
      return;
    pinned = same(mask, pinned) ? null : mask;
    marks();
  }

  function toggle(kind) {
    shown[kind] = !shown[kind];
    if (now?.ready)
      draw();
  }

  /* For each mask of a run its twin, or -1. Masks beyond the list have none. */
  function twinsOf(twins, run, count) {
    const found = new Int32Array(Math.max(0, count)).fill(-1);
    for (const twin of twins)
      found[twin[run]] = twin[1 - run];
    return found;
  }

  async function load(at) {
    const {sides, panel} = page, {pair} = at;
    at.twins = await Pairs.twins(pair);
    if (at !== now)
      return;
    const opened = await Promise.all(sides.map((side, run) => {
      const row = Pairs.row(pair, run), masks = row < 0 ? 0 : Rows.of(run).masks[row] || 0;
      return side.open(row, Pairs.size(pair, run), twinsOf(at.twins, run, masks), count =>
        `${Text.counted(count, 'mask')}, ${Text.count(count - at.twins.length)} without a twin`);
    }));
    if (at !== now || !opened.every(Boolean))
      return;
    at.ready = true;
    panel.fill(at.twins, sides.map(side => side.now()));
    draw();
  }

  /* Where the pair is in the list, which another search or order may have changed. */
  function place() {
    const {pair} = now;
    const order = Pairs.list(Router.params().get('q') || '', Router.params().get('pairs') || '');
    const at = order.indexOf(pair);
    now.order = order;
    Router.title(`${Pairs.name(pair)} · ${Data.title()}`, 'pair');
    page.place.textContent = at < 0 ? 'not in the list'
      : `${Text.count(at + 1)} of ${Text.count(order.length)}`;
  }

  function begin(pair) {
    const {iou} = Data.report.compare;
    const at = now = {pair, order: [], twins: [], ready: false};
    pinned = pointed = null;
    page.name.textContent = page.name.title = Pairs.name(pair);
    page.facts.textContent =
      `${Text.percent(Pairs.difference(pair), 0)} differ, twins at IoU ${iou} or more`;
    page.panel.clear();
    update();
    load(at).catch(error => {
      if (at === now)
        page.sides.forEach(side => side.clear(error.message));
    });
  }

  async function open(container, [text]) {
    if (!Data.report.compare)
      return Router.instead('gallery', ['0']);
    const {count} = await Pairs.all();
    const pair = Math.min(Math.max(0, Number(text) | 0), count - 1);
    if (!page)
      build(container);
    if (count > 0 && pair !== now?.pair)
      begin(pair);
    if (count > 0)
      place();
  }

  function step(by) {
    const to = now.order[now.order.indexOf(now.pair) + by];
    if (to !== undefined)
      Router.go('pair', [to]);
  }

  const stage = () => page.sides[0].stage;

  const keys = [
    {keys: ['ArrowRight', 'n'], help: 'Next pair', run: () => step(1)},
    {keys: ['ArrowLeft', 'p'], help: 'Previous pair', run: () => step(-1)},
    {keys: ['t'], help: 'Twins on and off', run: () => toggle('twins')},
    {keys: ['a'], help: 'What only the first run has, on and off', run: () => toggle('0')},
    {keys: ['b'], help: 'What only the second run has, on and off', run: () => toggle('1')},
    {keys: ['+', '='], help: 'Zoom in', run: () => stage().in()},
    {keys: ['-'], help: 'Zoom out', run: () => stage().out()},
    {keys: ['0'], help: 'Fit the window', run: () => stage().reset()},
    {keys: ['Escape'], help: 'Let go of the mask, then back to the list',
      run: () => pinned ? pin(pinned) : Router.go('compare', [])},
  ];

  return {open, keys};
})();

Router.add('pair', {title: 'Pair', under: 'compare', open: Pair.open, keys: Pair.keys});
