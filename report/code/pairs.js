/* Pairs: the images of two runs, a pair for each name, with how much they differ. */
const Pairs = (() => {
  const COLUMNS = ['a', 'b', 'difference', 'twins', 'chunk'];
  /* Most different first: the larger key. */
  const SORTS = [
    ['', 'Most different first', row => pairs.difference[row]],
    ['same', 'Least different first', row => -pairs.difference[row]],
    ['a', 'Most that only the first run has', row => only(row, 0)],
    ['b', 'Most that only the second run has', row => only(row, 1)],
    ['name', 'Name', null],
  ];
  let pairs = null, reading = null;

  async function read() {
    const {rows: count, chunks} = Data.report.compare;
    const found = {count};
    for (const column of COLUMNS)
      found[column] = new Float64Array(count);
    for (let part = 0; part < chunks; part++) {
      const document = await Data.read(`compare-${part}`);
      for (const column of COLUMNS)
        found[column].set(document[column], document.first);
    }
    await Promise.all([Rows.of(0).all, Rows.of(1).all]);
    pairs = found;
    return found;
  }

  /* Resolves to the columns, once the rows of both runs are there too. */
  const all = () => reading || (reading = read().catch(error => { reading = null; throw error; }));

  /* The row of a pair in run 0 or 1; -1: it is not in that run. */
  const row = (pair, run) => run ? pairs.b[pair] : pairs.a[pair];

  const masks = (pair, run) => row(pair, run) < 0 ? 0 : Rows.of(run).masks[row(pair, run)] || 0;

  /* How many masks only one run has. */
  const only = (pair, run) => masks(pair, run) - pairs.twins[pair];

  /* Width and height of a pair in a run; where that does not know them, those of the other run. */
  function size(pair, run) {
    const from = [run, 1 - run].find(one => row(pair, one) >= 0 && Rows.of(one).width[row(pair, one)] > 0);
    if (from === undefined)
      return {width: 1, height: 1};
    const {width, height} = Rows.of(from), at = row(pair, from);
    return {width: width[at], height: height[at]};
  }

  const home = pair => row(pair, 0) >= 0 ? 0 : 1;
  const name = pair => Rows.of(home(pair)).name[row(pair, home(pair))];

  /* Pairs that hold the query, in the order of a sort. */
  function list(query, sort) {
    const wanted = query.toLowerCase();
    const found = [];
    for (let pair = 0; pair < pairs.count; pair++)
      if (!wanted || Rows.of(home(pair)).lower[row(pair, home(pair))].includes(wanted))
        found.push(pair);
    const key = (SORTS.find(([value]) => value === sort) || SORTS[0])[2];
    const names = key ? null : found.map(name);
    const keys = key ? new Float64Array(pairs.count) : null;
    for (const pair of key ? found : [])
      keys[pair] = key(pair);
    const order = [...found.keys()];
    order.sort(key ? (i, j) => keys[found[j]] - keys[found[i]] || i - j
      : (i, j) => names[i] < names[j] ? -1 : names[i] > names[j] ? 1 : i - j);
    return order.map(i => found[i]);
  }

  /* Twins of a pair: [[mask of run 0, mask of run 1, IoU], ...], best first. */
  async function twins(pair) {
    if (pairs.chunk[pair] < 0)
      return [];
    const document = await Data.chunk(`twins-${pairs.chunk[pair]}`);
    return document.twins[document.rows.indexOf(pair)] || [];
  }

  /* "88 twins", or in which run the image is not. */
  function twinFacts(pair) {
    const missing = [0, 1].find(run => row(pair, run) < 0);
    return missing === undefined ? Text.counted(pairs.twins[pair], 'twin')
      : `not in ${RunNumbers.label(missing)}`;
  }

  /* "3 only in a · 5 only in b" */
  const onlyFacts = pair => [0, 1].filter(run => row(pair, run) >= 0)
    .map(run => `${Text.count(only(pair, run))} only in ${RunNumbers.label(run)}`).join(' · ');

  const difference = pair => pairs.difference[pair];

  return {SORTS, all, row, size, only, name, list, twins, twinFacts, onlyFacts, difference};
})();
