/* The masks of the opened image beside those of another run: twins in the colours that are given for
 * each mask; masks without a twin as strong outlines, on top. */
answers.beside = ({view, colours, twins, only}) => {
  const canvas = new OffscreenCanvas(view.width, view.height), context = canvas.getContext('2d');
  const paint = (keep, line, fill) => {
    context.setTransform(1, 0, 0, 1, 0, 0);
    Draw.paint(context, opened.masks, keep, opened.height, {...view, line}, {fill, lines: true, colours});
  };
  paint(twins, view.line, true);
  paint(only, 2 * view.line, false);
  const bitmap = canvas.transferToImageBitmap();
  return {answer: {bitmap}, transfer: [bitmap]};
};
