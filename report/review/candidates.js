/* Candidates: asks the server for masks. One request is under way; of the places of the pointer only
 * the last one waits for it, of the clicks all of them do. */
const Candidates = (() => {
  /* IoU of [x, y, width, height] and [x0, y0, x1, y1]. */
  function boxIou([x, y, width, height], [x0, y0, x1, y1]) {
    const w = Math.min(x + width, x1) - Math.max(x, x0), h = Math.min(y + height, y1) - Math.max(y, y0);
    const both = Math.max(0, w) * Math.max(0, h);
    return both / (width * height + (x1 - x0) * (y1 - y0) - both);
  }

  /* The candidate that is shown first: the best scores, or the one that fills the box best. A small model
   * alone misjudges IoU where a mask is not stable, hence both. */
  function best(masks, box) {
    const scores = masks.map(mask => box ? boxIou(mask.bbox, box)
      : mask.predicted_iou * mask.stability_score);
    return scores.indexOf(Math.max(...scores));
  }

  /* What is being made. `base`: {id, counts} of a mask that is refined, or null. Each step is
   * {points: [x, y, label], box or null, answer, masks, chosen}. */
  const begin = (row, size, base) => ({row, size, base, steps: []});

  /* shown(): there is another step or another mask under the pointer. said(text): the request waits,
   * or failed; '' once it is answered. */
  function create({shown, said}) {
    let sitting = null;                 /* what begin() made */
    let under = null;                   /* the candidate under the pointer */
    let clicks = [], place = null, inside = false, busy = false;

    const last = () => sitting && sitting.steps[sitting.steps.length - 1] || null;

    const maskOf = ({counts}) => ({size: [sitting.size.height, sitting.size.width], counts});

    function body(points, box, from) {
      const {base} = sitting;
      const prompt = {points, boxes: box ? [box] : [], multimask: !from && !base};
      if (from)
        prompt.previous = {answer: from.answer, mask: from.chosen};
      else if (base)
        prompt.mask = maskOf(base);
      return prompt;
    }

    /* The server keeps the last answers only. Where the earlier one is gone, its mask goes in. */
    async function predict(row, prompt, mask) {
      try {
        return await Api.post(`image/${row}/predict`, prompt);
      } catch (error) {
        if (!prompt.previous || error.status !== 404)
          throw error;
        const {previous, ...rest} = prompt;
        return Api.post(`image/${row}/predict`, {...rest, mask});
      }
    }

    /* Resolves to a step, or to null if something else is being made by then. */
    async function ask(points, box, from) {
      const of = sitting;
      const slow = setTimeout(() => of === sitting && said('Preparing the image'), 400);
      try {
        const {answer, masks} = await predict(of.row, body(points, box, from),
          from && maskOf(from.masks[from.chosen]));
        const drawn = await Workers.call('sketch',
          {counts: masks.map(mask => mask.counts), height: of.size.height});
        if (of !== sitting)
          return null;
        said('');
        return {points, box, answer, chosen: best(masks, box),
          masks: masks.map((mask, i) => ({...mask, rings: drawn[i].rings}))};
      } finally {
        clearTimeout(slow);
      }
    }

    /* Whether the candidate at the pointer is that of a click there: it need not be asked for again. */
    const isOf = (step, point) => Boolean(step && point) && !sitting.base &&
      step.points[0].every((value, i) => value === point[i]);

    async function click({point, box}) {
      const from = last(), points = [...(from ? from.points : []), ...(point ? [point] : [])];
      const step = !from && isOf(under, point) ? under
        : await ask(points, box || from && from.box || null, from);
      if (!step)
        return;
      sitting.steps.push(step);
      under = null;
      shown();
    }

    async function look({x, y}) {
      const step = await ask([[x, y, 1]], null, null);
      if (!step || last())
        return;
      const [next] = clicks;
      under = next ? isOf(step, next.point) && step || null : inside ? step : null;
      shown();
    }

    /* Answers whatever waits. A job that fails does not stop the next. */
    async function pump() {
      if (busy)
        return;
      busy = true;
      while (sitting && (clicks.length || place)) {
        const one = clicks.shift(), at = place, of = sitting;
        if (!one)
          place = null;
        await (one ? click(one) : look(at)).catch(({message}) =>
          of === sitting && said(`No mask: ${message}`));
      }
      busy = false;
    }

    function clear(next) {
      sitting = next;
      clicks = [];
      place = under = null;
      said('');
      shown();
    }

    return {
      begin: (row, size, base = null) => clear(begin(row, size, base)),
      end: () => clear(null),
      /* The pointer is there, {x, y} in the image, or null. */
      hover(at) {
        if (last() || clicks.length || sitting && sitting.base)
          return;
        place = at;
        inside = at !== null;
        if (at)
          return pump();
        under = null;
        shown();
      },
      /* One more click, {point: [x, y, label]}, or a box, {box: [x0, y0, x1, y1]}. */
      add(one) {
        place = null;
        clicks.push(one);
        pump();
      },
      /* Takes the last click back; false if there is none. */
      back() {
        if (!sitting || sitting.steps.length === 0)
          return false;
        sitting.steps.pop();
        shown();
        return true;
      },
      choose(number) {
        const step = last();
        if (!step || number >= step.masks.length)
          return;
        step.chosen = number;
        shown();
      },
      last, under: () => under, base: () => sitting && sitting.base,
    };
  }

  return {create};
})();
