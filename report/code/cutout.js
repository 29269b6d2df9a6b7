/* Cutout: one mask with what is around it, as a tile: the photograph's square there, and its outline. */
const Cutout = (() => {
  const AROUND = 0.2;                   /* on each side, of the mask's longer side ... */
  const LEAST = 12;                     /* ... and at least so many pixels of the image */

  function make({href, title, facts}) {
    const photo = Dom.make('canvas', {'aria-hidden': 'true'});
    const outline = Dom.make('canvas', {'aria-hidden': 'true'});
    const reason = Dom.make('span', {class: 'tile-reason'});
    const picture = Dom.make('span', {class: 'tile-picture'}, photo, outline, reason);
    const element = Dom.make('a', {class: 'tile-link', href, title}, picture,
      Dom.make('span', {class: 'tile-foot'}, Dom.make('span', {class: 'tile-name'}, title),
        Dom.make('span', {class: 'tile-facts faint'}, facts)));
    return {element, picture, photo, outline, reason};
  }

  /* The square of the image that is shown: where it begins, and its side. */
  function square([x0, y0, x1, y1]) {
    const side = Math.max(x1 - x0, y1 - y0) + 1, whole = side + 2 * Math.max(LEAST, AROUND * side);
    return {x: (x0 + x1 + 1 - whole) / 2, y: (y0 + y1 + 1 - whole) / 2, side: whole};
  }

  /* Draws a mask of an image. size: the image's; photograph: an <img> of any size, or null. */
  async function draw({picture, photo, outline}, {counts, size, photograph}) {
    const {box, rings} = await Workers.call('cutout', {counts, height: size.height});
    if (!box)
      throw new Error('This mask has no pixels');
    const ratio = devicePixelRatio, side = Math.max(1, Math.round(picture.clientWidth * ratio));
    const {x, y, side: shown} = square(box), scale = side / shown;
    photo.width = photo.height = side;
    photo.style.width = photo.style.height = side / ratio + 'px';
    const context = photo.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
    if (photograph)
      context.drawImage(photograph, 0, 0, size.width, size.height);
    else {
      context.fillStyle = '#808080';
      context.fillRect(0, 0, size.width, size.height);
    }
    Marks.draw(outline, {scale, x: -x * scale, y: -y * scale, width: side, height: side}, ratio,
      [{rings, colour: 'transparent', strong: true}]);
  }

  return {make, draw};
})();
