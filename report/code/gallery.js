/* Gallery: the images of a run. */
const Gallery = (() => {
  async function open(container, args) {
    const rows = await Rows.of(Number(args[0]) || 0).first;
    container.replaceChildren(Dom.make('p', {}, Text.counted(rows.count, 'image')));
  }

  return {open};
})();

Router.add('gallery', {title: 'Gallery', link: () => ['0'], open: Gallery.open});
