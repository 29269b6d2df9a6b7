/* Overlaps: how many pixels each two masks of an image share. */
const Overlaps = (() => {
  const IDS = 2 ** 20;          /* more masks than an image has; a start is below 2^32 */

  /* All ranges by their start; start * IDS + mask, which a double holds exactly. */
  function sorted(masks) {
    const keys = new Float64Array(masks.reduce((sum, mask) => sum + mask.bounds.length / 2, 0));
    let used = 0;
    masks.forEach(({bounds}, id) => {
      for (let i = 0; i < bounds.length; i += 2)
        keys[used++] = bounds[i] * IDS + id;
    });
    return keys.sort();
  }

  /* Sweeps over the ranges. ids and ends [0, open) are those that have not ended: few, as masks do
   * not lie deep. */
  function shared(masks) {
    const rows = masks.map(() => null);         /* rows[a][b - a], a < b */
    const next = new Uint32Array(masks.length);
    const ids = new Uint32Array(masks.length), ends = new Float64Array(masks.length);
    let open = 0;
    for (const key of sorted(masks)) {
      const start = Math.floor(key / IDS), id = key - start * IDS;
      const end = masks[id].bounds[next[id] + 1];
      let still = 0;
      next[id] += 2;
      for (let i = 0; i < open; i++) {
        if (ends[i] <= start)
          continue;
        const a = Math.min(id, ids[i]), b = Math.max(id, ids[i]);
        const row = rows[a] || (rows[a] = new Uint32Array(masks.length - a));
        row[b - a] += Math.min(end, ends[i]) - start;
        ids[still] = ids[i];
        ends[still++] = ends[i];
      }
      ids[still] = id;
      ends[still] = end;
      open = still + 1;
    }
    return rows;
  }

  /* For each mask, the others that share pixels with it: [{other, both}], both in pixels. */
  function neighbours(masks) {
    const found = masks.map(() => []);
    shared(masks).forEach((row, a) => {
      for (let d = 1; row && d < row.length; d++)
        if (row[d]) {
          found[a].push({other: a + d, both: row[d]});
          found[a + d].push({other: a, both: row[d]});
        }
    });
    return found;
  }

  const iou = (a, b, both) => both / (a.area + b.area - both);

  const WITHIN = 0.9;           /* of a part's pixels lie in its whole */

  /* For each mask, the smallest kept mask that holds it, or -1. Of two equal ones the earlier is
   * the whole. */
  function parents(masks, near, keep) {
    return masks.map((mask, id) => {
      let best = -1;
      for (const {other, both} of near[id]) {
        const area = masks[other].area;
        const larger = area > mask.area || area === mask.area && other < id;
        if (keep[other] && larger && both >= WITHIN * mask.area &&
            (best < 0 || area < masks[best].area))
          best = other;
      }
      return best;
    });
  }

  return {neighbours, iou, parents};
})();
