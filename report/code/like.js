/* Like: the masks that are most like one mask by the run's embeddings, in other images or in its own. */
const Like = (() => {
  const {make} = Dom;
  const PLACES = [['', 'In other images'], ['here', 'In this image']];
  let page = null;
  let now = null;               /* {run, row, mask, rows, image, found: {elsewhere, here}, photographs} */

  /* Whether the masks of a run have embeddings. */
  const offers = run => Boolean(Data.report.runs[run].like);

  const href = (run, row, mask) => Router.link('like', [run, row, mask]);

  /* [{row, mask, similarity}] of numbers in threes; `row` is given where they are in twos. */
  function unpack(numbers, row) {
    const found = [], step = row === undefined ? 3 : 2;
    for (let i = 0; i + step <= numbers.length; i += step)
      found.push({row: row ?? numbers[i], mask: numbers[i + step - 2],
        similarity: numbers[i + step - 1] / 1000});
    return found;
  }

  async function find({run, row, mask, rows}) {
    const document = await Data.chunk(`like-${run}-${rows.chunk[row]}`);
    const image = document.images[document.rows.indexOf(row)];
    if (!image || !image.here[mask])
      throw new Error('this mask has no embedding');
    return {elsewhere: unpack(image.elsewhere[mask]), here: unpack(image.here[mask], row)};
  }

  function build(container) {
    const back = make('a', {class: 'like-back', title: 'The mask in its image (Escape)'}, '‹ Image');
    const name = make('h2', {class: 'image-name'});
    const count = make('p', {class: 'count', role: 'status'});
    const places = PLACES.map(([place, text]) => Dom.button(text, () => {
      Router.replace({like: place || null});
      fill();
    }));
    const tiles = make('div', {class: 'likes', role: 'list', 'aria-label': 'Masks like this one'});
    container.append(make('div', {class: 'bar image-bar'}, back, name,
      make('div', {class: 'group'}, places), count), tiles);
    page = {back, name, count, places, tiles};
  }

  const place = () => Router.params().get('like') === 'here' ? 'here' : '';

  /* The photograph of a row, read once while this page shows the same mask. */
  function photograph(at, row, image) {
    if (!at.photographs.has(row))
      at.photographs.set(row, Photo.load(at.rows, row, image));
    return at.photographs.get(row);
  }

  async function draw(at, tile, {row, mask}) {
    const image = await Data.image(at.run, row);
    if (!image || image.counts[mask] === undefined)
      throw new Error('This mask is not in the report');
    const size = {width: at.rows.width[row], height: at.rows.height[row]};
    await Cutout.draw(tile, {counts: image.counts[mask], size,
      photograph: await photograph(at, row, image)});
  }

  function tileOf(at, one, facts) {
    const tile = Cutout.make({href: Router.link('image', [at.run, one.row, one.mask]),
      title: at.rows.name[one.row].replace(/^.*\/(?=.)/s, ''), facts});
    draw(at, tile, one).catch(({message}) => { tile.reason.textContent = message; });
    return make('div', {class: 'like', role: 'listitem'}, tile.element);
  }

  function fill() {
    const at = now, here = place() === 'here', found = here ? at.found.here : at.found.elsewhere;
    page.places.forEach((button, i) =>
      button.setAttribute('aria-pressed', String(PLACES[i][0] === place())));
    page.count.textContent = found.length ? `${Text.counted(found.length, 'mask')}, the most alike first`
      : here ? 'No other mask of this image is like it.' : 'No mask of another image is like it.';
    const own = tileOf(at, at, 'this mask');
    own.classList.add('own');
    page.tiles.replaceChildren(own, ...found.map(one =>
      tileOf(at, one, `similarity ${Text.number(one.similarity, 3)}`)));
  }

  async function open(container, args) {
    const [run, row, mask] = args.map(Number);
    if (!Data.report.runs[run] || !offers(run))
      return Router.instead('gallery', ['0']);
    if (!page)
      build(container);
    const at = now = {run, row, mask, rows: Rows.of(run), found: null, photographs: new Map()};
    page.tiles.replaceChildren();
    page.count.textContent = '';
    await at.rows.all;
    if (at !== now)
      return;
    page.back.href = Router.link('image', [run, row, mask]);
    page.name.textContent = page.name.title = `Like mask ${mask} of ${at.rows.name[row] ?? ''}`;
    const image = await Data.image(run, row);
    const found = await find(at);
    if (at !== now)
      return;
    Object.assign(at, {found});
    page.name.textContent = `Like ${Masks.name(image, mask).toLowerCase()} of ${at.rows.name[row]}`;
    Router.title(`${page.name.textContent} · ${Data.title()}`, 'like');
    fill();
  }

  /* To the next or the last tile. */
  function step(by) {
    const links = [...page.tiles.querySelectorAll('a')], at = links.indexOf(document.activeElement);
    links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
  }

  const keys = [
    {keys: ['ArrowRight'], help: 'Next mask', run: () => step(1)},
    {keys: ['ArrowLeft'], help: 'Previous mask', run: () => step(-1)},
    {keys: ['Enter'], help: 'Open its image', run: () => false},
    {keys: ['Escape'], help: 'Back to the image', run: () => Router.go('image', [now.run, now.row, now.mask])},
  ];

  return {open, keys, offers, href};
})();

Router.add('like', {title: 'Masks like this', under: 'gallery', open: Like.open, keys: Like.keys});
