/* ImageView: one image. What is open is in `now`; the page's parts are in `page`. Tools may be added to
 * it before it is opened first, as review/tools.js does; a report has none:
 *
 *   ImageView.equip({
 *     build(view) {},              makes what they need in the page, once; see `view` below
 *     load: async at => {},        the image of `at` has come: they may change its columns, which are
 *                                  theirs to change once copied, before masks are made of them
 *     keep: (at, keep) => keep,    which masks are shown, of those that the thresholds keep
 *     count: at => number,         how many masks the image has
 *     layer: at => ({kind}),       the job of the worker that draws the masks, and what it needs
 *     mark: (at, id) => null,      {text, label} of a mask in the tree
 *     facts: (at, id) => [],       more that is known of a mask, as [label, text]
 *     pointed() {},                another mask may be pointed at or pinned
 *     hover: pixel => false,       true: the pointer is theirs, and no mask is pointed at
 *     pick: pixel => false,        likewise for a click
 *     followed(view, ratio) {},    the stage has been zoomed or panned: where it is, in device pixels
 *     close() {},                  another image or page is about to open
 *     keys: [],                    come before those of the view
 *   });
 */
const ImageView = (() => {
  const EMPTY = {thumb: null, counts: [], area: [], iou: null, stability: null};
  const judge = Workers.own(), painter = Workers.own();   /* a filter need not wait for a drawing */
  let page = null;
  const tools = {build() {}, load: async () => {}, keep: (at, keep) => keep, count: at => at.masks.length,
    layer: () => ({kind: 'layer'}), mark: () => null, facts: () => [], pointed() {},
    hover: () => false, pick: () => false, followed() {}, close() {}};
  let now = null;               /* {run, row, rows, place in the list, image, size, masks, keep, parents,
                                 * thresholds, wanted: the mask to pin, or -1} */

  function build(container) {
    const stage = Stage.create({paint, label: 'Photograph with its masks',
      hover: (...at) => page.pins.hover(...(tools.hover(at[0]) ? [null] : at)),
      pick: pixel => tools.pick(pixel) || page.pins.pick(pixel),
      followed: (view, ratio) => tools.followed(view, ratio)});
    const sliders = Sliders.create(move);
    const tree = Tree.create({point: id => page.pins.point(id), pick: id => page.pins.pin(id)});
    const apply = ApplyAll.create({thresholds: () => now.thresholds, run: () => now.run});
    const bar = ImageBar.create({step, changed: look, only: () => page.pins.toggleOnly(), stage});
    const panel = ImagePanel.create({sliders, tree, apply, reset: () => set(Thresholds.neutral())});
    const frame = Dom.make('div', {class: 'stage-frame'}, stage.element, panel.tip);
    container.append(bar.element, Dom.make('div', {class: 'image-body'}, frame, panel.element));
    const pins = Pins.create({of: () => now && now.keep ? now : null, stage, tree, panel, bar,
      facts: (at, id) => tools.facts(at, id), changed: () => tools.pointed()});
    page = {stage, sliders, tree, apply, bar, panel, pins};
    tools.build({bar: bar.element, frame, stage, pins, tree, step, put, now: () => now,
      refresh: () => filter().catch(fail), redraw: stage.redraw});
  }

  /* For the stage: the masks of the view, or those that are left if only one is shown. */
  async function paint(view) {
    const at = now, style = Look.of(Router.params());
    if (!at || !at.keep)
      return null;
    const keep = style.masks ? page.pins.shown(at.keep) : at.keep.map(() => 0);
    const {kind, ...more} = tools.layer(at);
    const {bitmap} = await painter.call(kind, {keep, view, look: style, ...more});
    if (at === now)
      return bitmap;
    bitmap.close();
    return null;
  }

  /* What is open is shown anew; the sliders have moved, or it is another image. */
  const filter = Dom.latest(async () => {
    const at = now;
    if (!at.masks)
      return;
    const {keep: kept, refused} = await judge.call('filter', {thresholds: at.thresholds});
    if (at !== now)
      return;
    const keep = tools.keep(at, kept);
    Object.assign(at, {keep, parents: null});
    page.sliders.keep(keep);
    const left = keep.reduce((sum, one) => sum + one, 0);
    page.panel.count(left, tools.count(at), refused);
    page.stage.say(`${at.rows.name[at.row]} with ${Text.counted(left, 'mask')}`);
    page.pins.update();
    pinWanted(at);
    page.stage.redraw();
    growTree();
  });

  /* Pins the mask that the address asks for, once. */
  function pinWanted(at) {
    const {wanted, keep} = at;
    at.wanted = -1;
    if (keep[wanted] && page.pins.pinned() !== wanted)
      page.pins.pin(wanted);
  }

  /* The tree follows when the sliders rest: it takes longer than a frame. */
  let timer = 0;
  function growTree() {
    clearTimeout(timer);
    timer = setTimeout(() => plant(now).catch(fail), 120);
  }

  async function plant(at) {
    const {keep, masks, image} = at;
    if (!keep)
      return;
    const parents = await judge.call('parents', {keep});
    if (at !== now || keep !== at.keep)
      return;
    at.parents = parents;
    page.pins.update();
    page.tree.show(keep, parents, image.area, id => ({name: Masks.name(image, id),
      colour: masks[id].colour, mark: tools.mark(at, id),
      facts: [image.category && image.category[id], image.iou && Text.number(image.iou[id], 3),
        Text.count(masks[id].area) + ' px'].filter(text => text).join(' · ')}));
    page.tree.select(page.pins.pinned());
  }

  /* Puts a mask in the place of mask `id` of the open image, or behind the last one: its value of each
   * column (README.md), of an image that was copied. */
  async function put(at, id, mask) {
    for (const [column, value] of Object.entries(mask))
      if (at.image[column])
        at.image[column][id] = value;
    const [made] = await Promise.all([painter.call('put', {mask, place: id, answer: true}),
      judge.call('put', {mask, place: id, answer: false})]);
    at.masks[id] = made;
  }

  function set(thresholds) {
    now.thresholds = thresholds;
    Router.replace(Thresholds.write(thresholds));
    page.sliders.show(thresholds);
    page.apply.update();
    filter().catch(fail);
  }

  const move = (key, value) => set(Thresholds.change(now.thresholds, key, value));

  function look() {
    page.bar.update({only: page.pins.only()});
    page.stage.redraw();
  }

  /* The images before and after this one, as the gallery lists them. If it is not in the list any more,
   * the one after it has its place. */
  function step(by) {
    const order = List.of(now.run, Router.params()), at = order.indexOf(now.row);
    const from = at >= 0 ? at : by > 0 ? now.place - 1 : now.place, to = order[from + by];
    if (to !== undefined)
      Router.go('image', [now.run, to]);
  }

  /* Says which image this is, and where it is in the gallery's list. */
  function name() {
    const {run, rows, row} = now;
    if (row >= rows.loaded)
      return;
    const order = List.of(run, Router.params()), place = order.indexOf(row);
    now.place = Math.max(place, 0);
    Router.title(`${rows.name[row]} · ${Data.title()}`, 'image');
    page.bar.show(now, place, order.length);
  }

  const fail = error => page.panel.fail(error.message);

  async function load(at) {
    const {rows, row} = at;
    if (row >= rows.loaded)
      await (row < 5000 ? rows.first : rows.all);
    if (at !== now)
      return;
    at.size = {width: rows.width[row] || 1, height: rows.height[row] || 1};
    name();
    page.panel.show(rows, row);
    at.image = await Data.image(at.run, row) || EMPTY;
    if (at !== now)
      return;
    await tools.load(at);
    if (at !== now)
      return;
    page.stage.show(at.size.width, at.size.height, null);
    Photo.load(rows, row, at.image).then(element => {
      if (at === now)
        page.stage.show(at.size.width, at.size.height, element);
    });
    const opened = {image: {...at.image, thumb: null}, height: at.size.height};
    const [masks] = await Promise.all([painter.call('open', {...opened, answer: true}),
      judge.call('open', {...opened, answer: false})]);
    if (at !== now)
      return;
    at.masks = masks;
    await Promise.all([fillSliders(at), filter()]);
  }

  async function fillSliders(at) {
    const {image, size} = at, pixels = size.width * size.height;
    /* `filter` refuses a record in which a mask lacks the score: such a slider decides nothing. */
    const whole = scores => scores && !scores.includes(null) ? scores : null;
    const iou = whole(image.iou);
    const values = {iou, stability: whole(image.stability), min: image.area, max: image.area};
    page.sliders.fill({...values, overlap: iou && []}, pixels);
    page.sliders.show(at.thresholds);
    const overlap = await judge.call('overlap', {});
    if (at !== now)
      return;
    page.sliders.fill({...values, overlap: iou && overlap}, pixels);
    if (at.keep)
      page.sliders.keep(at.keep);
  }

  /* A third argument is the mask to pin. */
  function open(container, [run, row, mask], params) {
    const runs = Data.report.runs, number = runs[Number(run)] ? Number(run) : 0;
    const at = Math.min(Math.max(0, Number(row) | 0), runs[number].rows - 1);
    if (at < 0) {
      Router.instead('gallery', [number]);
      return;
    }
    if (!page)
      build(container);
    const thresholds = Thresholds.read(params), wanted = mask === undefined ? -1 : Number(mask);
    Gallery.point(number, at);
    if (now && now.run === number && now.row === at) {
      Object.assign(now, {thresholds, wanted});
      name();
      look();
      set(thresholds);
      return;
    }
    tools.close();
    now = {run: number, row: at, rows: Rows.of(number), place: 0, thresholds, wanted, keep: null,
      masks: null};
    page.stage.clear();
    page.pins.clear();
    page.tree.clear();
    page.panel.clear();
    page.apply.update();
    const opened = now;
    load(opened).catch(error => opened === now && fail(error));
  }

  function close() {
    if (!page)
      return;
    tools.close();
    page.panel.tipAt(null);
  }

  function like() {
    const mask = page.pins.chosen();
    if (!Like.offers(now.run))
      Dom.notice('This run has no embeddings: maskmill run --embeddings');
    else if (mask < 0)
      Dom.notice('Point at a mask first, to see masks like it');
    else
      Router.go('like', [now.run, now.row, mask]);
  }

  function escape() {
    if (!page.pins.back())
      Router.go('gallery', [now.run]);
  }

  const keys = [
    {keys: ['ArrowRight', 'n'], help: 'Next image', run: () => step(1)},
    {keys: ['ArrowLeft', 'p'], help: 'Previous image', run: () => step(-1)},
    ...Look.keys(look),
    {keys: ['i'], help: 'Only this mask', run: () => page.pins.toggleOnly()},
    {keys: ['l'], help: 'Masks like this', run: like},
    {keys: ['+', '='], help: 'Zoom in', run: () => page.stage.in()},
    {keys: ['-'], help: 'Zoom out', run: () => page.stage.out()},
    {keys: ['0'], help: 'Fit the window', run: () => page.stage.reset()},
    {keys: ['1'], help: 'One pixel to one', run: () => page.stage.full()},
    {keys: ['w'], help: 'Move up', run: () => page.stage.pan(0, 80)},
    {keys: ['s'], help: 'Move down', run: () => page.stage.pan(0, -80)},
    {keys: ['a'], help: 'Move left', run: () => page.stage.pan(80, 0)},
    {keys: ['d'], help: 'Move right', run: () => page.stage.pan(-80, 0)},
    {keys: ['t'], help: 'To the tree of masks', run: () => page.panel.focusTree()},
    {keys: ['/'], help: 'Search names', run() { Router.go('gallery', [now.run]); Gallery.search(); }},
    {keys: ['Escape'], help: 'Let go of the mask, then back to the gallery', run: escape},
  ];

  function equip({keys: own, ...others}) {
    Object.assign(tools, others);
    keys.unshift(...own);
  }

  return {open, close, equip, keys};
})();

Router.add('image', {title: 'Image', under: 'gallery', open: ImageView.open, close: ImageView.close,
  keys: ImageView.keys});
