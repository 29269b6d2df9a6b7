/* Trace: the outline of a mask along the borders of its pixels, as rings for the even-odd rule. */
const Trace = (() => {
  /* The rows at which the mask begins and ends in each column: calls column(x, rows). */
  function eachColumn(bounds, height, column) {
    let x = -1, rows = [];
    for (let i = 0; i < bounds.length; i += 2)
      for (let start = bounds[i]; start < bounds[i + 1];) {
        const at = Math.floor(start / height);
        const end = Math.min(bounds[i + 1], (at + 1) * height);
        if (at !== x && x >= 0) {
          column(x, rows);
          rows = [];
        }
        x = at;
        rows.push(start - at * height, end - at * height);
        start = end;
      }
    if (x >= 0)
      column(x, rows);
  }

  /* Sweeps from left to right. At the border between two columns, rows that both have carry on as
   * horizontal edges. The others, in order, are two by two the ends of vertical edges: vertices 2k
   * and 2k + 1. across[v] is the vertex at the other end of v's horizontal edge. */
  function vertices(bounds, height) {
    const xs = [], ys = [], across = [];
    let left = [], began = [], last = -1;
    function border(x, right) {
      const starts = [];
      let i = 0, j = 0;
      while (i < left.length || j < right.length) {
        if (left[i] === right[j]) {
          starts.push(began[i++]);
          j++;
          continue;
        }
        const ends = j === right.length || left[i] < right[j];
        const vertex = xs.push(x) - 1;
        ys.push(ends ? left[i] : right[j]);
        if (ends) {
          across[vertex] = began[i];
          across[began[i++]] = vertex;
        } else {
          across[vertex] = -1;
          starts.push(vertex);
          j++;
        }
      }
      left = right;
      began = starts;
      last = x;
    }
    eachColumn(bounds, height, (x, rows) => {
      if (x > last + 1)
        border(last + 1, []);
      border(x, rows);
    });
    border(last + 1, []);
    return {xs, ys, across};
  }

  /* {points: x, y, x, y, ...; ends: where each ring ends in points}, in pixels. */
  function rings(bounds, height) {
    const {xs, ys, across} = vertices(bounds, height);
    const points = new Int32Array(2 * xs.length), ends = [];
    const seen = new Uint8Array(xs.length);
    let used = 0;
    for (let first = 0; first < xs.length; first++) {
      if (seen[first])
        continue;
      for (let at = first; !seen[at]; at = across[at ^ 1])
        for (const vertex of [at, at ^ 1]) {
          seen[vertex] = 1;
          points[used++] = xs[vertex];
          points[used++] = ys[vertex];
        }
      ends.push(used);
    }
    return {points, ends: Uint32Array.from(ends)};
  }

  return {rings};
})();
