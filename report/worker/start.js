/* What the page can ask a worker for: {id, kind, ...} is answered by {id, answer} or {id, error}. */
let opened = null;              /* the image that `open` brought: {image, height, masks, near} */

function near(of) {
  return of.near || (of.near = Overlaps.neighbours(of.masks));
}

function make(image, height) {
  return {image, height, masks: Runs.masks(image.counts, height), near: null};
}

function kept(of, thresholds) {
  return Filters.keep(of.image, thresholds, () => of.masks, () => near(of));
}

async function picture(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], {type: 'image/jpeg'}));
}

const answers = {
  /* A thumbnail with its masks, width x height pixels of the device. */
  async tile({image, size, width, height, thresholds, look}) {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    if (image.thumb) {
      const photo = await picture(image.thumb);
      context.drawImage(photo, 0, 0, width, height);
      photo.close();
    }
    const of = make(image, size.height);
    const keep = kept(of, thresholds);
    /* By the longer side: the other may be less than a pixel. */
    const scale = Math.max(width, height) / Math.max(size.width, size.height);
    const view = {scale, x: 0, y: 0, width, height, line: 1};
    if (look.masks)
      Draw.paint(context, of.masks, keep, size.height, view, {...look, faint: 0.75});
    const bitmap = canvas.transferToImageBitmap();
    return {answer: {bitmap}, transfer: [bitmap]};
  },

  /* How many masks of each image stay. */
  count({images, heights, thresholds}) {
    const stays = (image, i) => {
      let of = null;
      const whole = () => of || (of = make(image, heights[i]));
      return Filters.keep(image, thresholds, () => whole().masks, () => near(whole()))
        .reduce((sum, one) => sum + one, 0);
    };
    return {answer: images.map(stays)};
  },

  /* Takes an image. If `answer`, gives its masks with their outlines and colours. */
  open({image, height, answer}) {
    opened = null;              /* nobody is answered with the last image's masks, if this one fails */
    opened = make(image, height);
    if (!answer)
      return {answer: null};
    const masks = opened.masks.map((mask, id) =>
      ({...mask, rings: Draw.outline(mask, height), colour: Draw.colour(id)}));
    return {answer: masks};
  },

  /* Of the opened image: the highest IoU of each mask with a better one. */
  overlap() {
    return {answer: Filters.overlap(opened.image, opened.masks, near(opened))};
  },

  /* Of the opened image: which masks stay, and whether `filter` would refuse the record. */
  filter({thresholds}) {
    return {answer: {keep: kept(opened, thresholds), refused: Filters.refuses(opened.image, thresholds)}};
  },

  /* Of the opened image: in which of the masks that stay each of them lies. */
  parents({keep}) {
    return {answer: Overlaps.parents(opened.masks, near(opened), keep)};
  },

  /* Of the opened image: the masks as they lie in the view. */
  layer({keep, view, look}) {
    const canvas = new OffscreenCanvas(view.width, view.height);
    Draw.paint(canvas.getContext('2d'), opened.masks, keep, opened.height, view, look);
    const bitmap = canvas.transferToImageBitmap();
    return {answer: {bitmap}, transfer: [bitmap]};
  },
};

onmessage = async ({data}) => {
  try {
    const {answer, transfer = []} = await answers[data.kind](data);
    postMessage({id: data.id, answer}, transfer);
  } catch (error) {
    postMessage({id: data.id, error: String(error && error.message || error)});
  }
};
