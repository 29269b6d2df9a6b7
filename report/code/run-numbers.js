/* RunNumbers: what the page of a run draws, counted from the rows of the runs. */
const RunNumbers = (() => {
  const BINS = 40;                /* of a histogram; at most */
  const POINTS = 400;             /* of a line */
  const REASONS = 12;             /* shown by name */

  /* Runs of one name are told apart by their paths, and a run beside itself by its place. */
  function label(run) {
    const {runs} = Data.report;
    const same = key => runs.length === 2 && runs[0][key] === runs[1][key];
    return !same('name') ? runs[run].name
      : !same('path') ? runs[run].path : `${runs[run].name} (${run + 1})`;
  }

  const done = rows => {
    const found = [];
    for (let row = 0; row < rows.loaded; row++)
      if (rows.status[row] === Rows.DONE)
        found.push(row);
    return found;
  };

  /* The numbers of a column in images that are done, in order; without those not recorded. */
  function column(rows, name) {
    const values = done(rows).map(row => rows[name][row]).filter(value => !Number.isNaN(value));
    return values.sort((a, b) => a - b);
  }

  function quantile(sorted, part) {
    return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
      : NaN;
  }

  const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

  /* Equal bins with round edges over sorted lists, which also reach `from` and `to` if these are given;
   * bins of whole numbers if values are `whole`. null: the lists are empty. */
  function histogram(lists, {whole = false, from = Infinity, to = -Infinity}) {
    const filled = lists.filter(list => list.length);
    if (!filled.length)
      return null;
    const low = Math.min(from, ...filled.map(list => list[0]));
    const high = Math.max(to, ...filled.map(list => list[list.length - 1]));
    const edges = roundEdges(low, whole ? high + 1 : high, whole);
    const step = edges[1] - edges[0];
    const counts = lists.map(list => {
      const bars = new Array(edges.length - 1).fill(0);
      for (const value of list)
        bars[Math.min(bars.length - 1, Math.floor((value - edges[0]) / step + 1e-9))]++;
      return bars;
    });
    return {edges, counts};
  }

  function roundEdges(low, high, whole) {
    const rough = (high - low || Math.abs(high) / 10 || 1) / BINS;
    const power = 10 ** Math.floor(Math.log10(rough));
    let step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999);
    if (whole)
      step = Math.max(1, Math.round(step));
    const first = Math.floor(low / step + 1e-9), last = Math.max(first + 1,
      Math.ceil(high / step - 1e-9));
    const edge = (_, i) => Number(((first + i) * step).toPrecision(12));
    return Array.from({length: last - first + 1}, edge);
  }

  /* Images done over time: {start, points: [[seconds since the start, images], ...]}, or null. The
   * start is when the first image was begun. */
  function progress(rows) {
    const times = column(rows, 'time');
    if (!times.length)
      return null;
    const first = done(rows).find(row => rows.time[row] === times[0]);
    const start = times[0] - (Number.isNaN(rows.seconds[first]) ? 0 : rows.seconds[first]);
    const step = Math.max(1, times.length / POINTS);
    const points = [[0, 0]];
    for (let i = step; i < times.length; i += step)
      points.push([times[Math.floor(i) - 1] - start, Math.floor(i)]);
    points.push([times[times.length - 1] - start, times.length]);
    return {start, points};
  }

  /* Reasons of failed and refused images: [[reason, count], ...], the most frequent first. */
  function reasons(rows) {
    const counts = new Map();
    for (const reason of Object.values(rows.reason))
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const sorted = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
    const others = sorted.slice(REASONS);
    if (others.length < 2)
      return sorted;
    const rest = others.reduce((sum, [, count]) => sum + count, 0);
    return [...sorted.slice(0, REASONS), [Text.counted(others.length, 'other reason'), rest]];
  }

  function tally(rows) {
    let failed = 0, refused = 0, empty = 0;
    for (let row = 0; row < rows.count; row++) {
      failed += rows.status[row] === Rows.FAILED;
      refused += rows.status[row] === Rows.REFUSED;
      empty += rows.status[row] === Rows.DONE && rows.masks[row] === 0;
    }
    return {done: rows.count - failed - refused, failed, refused, empty};
  }

  /* First and last bin that holds something in any of the lists, with `margin` bins around and
   * `least` bins. */
  function occupied(lists, margin, least) {
    const {length} = lists[0];
    const used = i => lists.some(list => list[i] > 0);
    let first = 0, last = length - 1;
    while (first < last && !used(first))
      first++;
    while (last > first && !used(last))
      last--;
    first -= margin;
    last = Math.max(last + margin, first + least - 1);
    const end = Math.min(length - 1, last);
    return [Math.max(0, Math.min(first, end - least + 1)), end];
  }

  /* Bins joined until at most `most` of those from `first` to `last` are left; the last may reach
   * beyond. [first, last, how many are one]. */
  function joined(first, last, most) {
    const step = Math.max(1, Math.ceil((last - first + 1) / most));
    const begin = Math.floor(first / step) * step;
    return [begin, begin + Math.ceil((last - begin + 1) / step) * step - 1, step];
  }

  return {joined, label, column, quantile, mean, histogram, progress, reasons, tally, occupied};
})();
