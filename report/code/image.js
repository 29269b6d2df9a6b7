/* ImageView: one image with its masks. */
const ImageView = (() => {
  function open(container, args) {
    container.replaceChildren(Dom.make('p', {}, `Image ${args.join(' ')}`));
  }

  return {open};
})();

Router.add('image', {title: 'Image', open: ImageView.open});
