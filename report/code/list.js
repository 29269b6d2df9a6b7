/* List: which images of a run are listed, and in which order. The address says it: q, sort (a
 * column, with - in front if it falls), show, and a range such as masks=10..200 for each column. */
const List = (() => {
  /* by: the value of a row; digits: of numbers; part: shown as percent. */
  const COLUMNS = [
    {key: 'masks', label: 'Masks', digits: 0},
    {key: 'iou', label: 'Predicted IoU', digits: 3},
    {key: 'stability', label: 'Stability', digits: 3},
    {key: 'covered', label: 'Area covered', digits: 1, part: true},
    {key: 'seconds', label: 'Seconds', digits: 2},
  ];
  const SHOW = [
    ['all', 'All images', () => true],
    ['done', 'Done', (rows, row) => rows.status[row] === Rows.DONE],
    ['failed', 'Failed', (rows, row) => rows.status[row] !== Rows.DONE],
    ['empty', 'Empty', (rows, row) => rows.status[row] === Rows.DONE && masks(rows, row) === 0],
  ];
  const lists = [];
  let version = 0;              /* of what the tests of SHOW depend on, beside the rows */

  /* The masks of a row, under the thresholds that have been applied to all images. */
  function masks(rows, row) {
    const applied = Thresholds.of(rows.run);
    return applied ? applied.counts[row] : rows.masks[row];
  }

  /* In the unit that is shown: percent, for parts. */
  const value = (rows, row, {key, part}) =>
    key === 'masks' ? masks(rows, row) : part ? 100 * rows[key][row] : rows[key][row];

  /* [least, most] of a column's range in the address; null: no limit. */
  function range(params, key) {
    const limit = text => text && Number.isFinite(Number(text)) ? Number(text) : null;
    const [least, most] = (params.get(key) || '').split('..');
    return [limit(least), limit(most)];
  }

  function tests(rows, params) {
    const found = [];
    const query = (params.get('q') || '').toLowerCase();
    if (query)
      found.push(row => rows.lower[row].includes(query));
    const show = SHOW.find(([key]) => key === params.get('show'));
    if (show && show[0] !== 'all')
      found.push(row => show[2](rows, row));
    for (const column of COLUMNS) {
      const [least, most] = range(params, column.key);
      if (least !== null)
        found.push(row => value(rows, row, column) >= least);
      if (most !== null)
        found.push(row => value(rows, row, column) <= most);
    }
    return found;
  }

  /* How many steps a name is from the first, for all rows. */
  function ranks(rows) {
    if (!rows.ranks || rows.ranks.length !== rows.loaded) {
      const order = Uint32Array.from({length: rows.loaded}, (_, row) => row);
      order.sort((a, b) => rows.name[a] < rows.name[b] ? -1 : rows.name[a] > rows.name[b] ? 1 : a - b);
      rows.ranks = new Float64Array(rows.loaded);
      order.forEach((row, rank) => { rows.ranks[row] = rank; });
    }
    return rows.ranks;
  }

  /* Rows without a value come last, whichever way. */
  function sort(rows, order, text) {
    const falling = text.startsWith('-'), key = text.replace('-', '');
    const column = COLUMNS.find(one => one.key === key);
    if (!column && key !== 'name')
      return falling ? order.reverse() : order;
    const sign = falling ? -1 : 1;
    const keys = column ? new Float64Array(rows.loaded) : ranks(rows);
    for (let row = 0; column && row < rows.loaded; row++) {
      const of = value(rows, row, column);
      keys[row] = Number.isNaN(of) || rows.status[row] !== Rows.DONE ? sign * Infinity : of;
    }
    return order.sort((a, b) => keys[a] === keys[b] ? a - b : sign * (keys[a] - keys[b]));
  }

  const KEYS = ['q', 'show', 'sort', ...COLUMNS.map(({key}) => key)];

  /* The rows of a run that the address lists, in their order. */
  function of(run, params) {
    const rows = Rows.of(run), applied = Thresholds.of(run);
    const text = JSON.stringify(KEYS.map(key => params.get(key)));
    const kept = lists[run];
    if (kept && kept.text === text && kept.loaded === rows.loaded && kept.applied === applied &&
        kept.version === version)
      return kept.order;
    const needed = tests(rows, params);
    let order = new Uint32Array(rows.loaded), used = 0;
    for (let row = 0; row < rows.loaded; row++)
      if (needed.every(test => test(row)))
        order[used++] = row;
    order = sort(rows, order.subarray(0, used), params.get('sort') || '');
    lists[run] = {text, loaded: rows.loaded, applied, version, order};
    return order;
  }

  /* What SHOW depends on has changed. */
  const changed = () => { version++; };

  return {COLUMNS, SHOW, KEYS, of, range, masks, changed};
})();
