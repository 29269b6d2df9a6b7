/* RunCharts: the charts of a run, or of two: in one drawing where they can be compared, else side by
 * side. Each is a figure; null where nothing was recorded. */
const RunCharts = (() => {
  const {label, column, quantile} = RunNumbers;

  /* Segment Anything (Kirillov and others, 2023), legend of figure 6. The paper draws the distributions
   * of SA-1B in figures 5 and 6, but gives no numbers for them. */
  const SA1B = {images: 11e6, masks: 1129e6};
  const MAP_CELLS = 32;         /* along a side of the map of scores, at most */
  const PAPER = 'Segment Anything (Kirillov et al., 2023)';

  const runs = () => Data.report.runs.map((run, number) => ({...run, number,
    label: label(number)}));

  /* What a chart says of each run. */
  const each = (list, say) => list.map(run => ({run: run.number, name: run.label, text: say(run)}));

  /* One series a run from the statistics' bars, cut to the bins from `first` to `last`. */
  function statSeries(name, first, last) {
    return runs().map(({number, label: title, stats}) => ({name: title, run: number,
      counts: stats[name].counts.slice(first, last + 1), total: stats[name].count}));
  }

  function statBars(name, chart, whole) {
    const filled = runs().filter(run => run.stats[name]?.count);
    if (!filled.length)
      return null;
    const {edges} = filled[0].stats[name];
    const [first, last] = whole ? [0, edges.length - 2]
      : RunNumbers.occupied(filled.map(run => run.stats[name].counts), 1, 5);
    const lead = each(filled, run => {
      const {mean, median} = run.stats[name];
      return `median ${ChartFrame.number(median)}, mean ${ChartFrame.number(mean)}`;
    });
    return ChartBars.make({lead, edges: edges.slice(first, last + 2), of: 'masks',
      series: statSeries(name, first, last), ...chart});
  }

  const relativeSize = () => statBars('relative_size', {title: 'Mask size relative to the image',
    log: true,
    file: 'relative-size', label: '√(mask area / image area)',
    notes: [`Share of masks on a logarithmic axis, as figure 6 (middle) of ${PAPER} draws SA-1B. The paper gives ` +
      'no numbers for the curve; it finds more small and medium masks in SA-1B than in COCO, LVIS, ADE20K and ' +
      'Open Images.']}, true);

  const concavity = () => statBars('concavity', {title: 'Concavity', file: 'concavity',
    label: '1 − mask area / area of its convex hull',
    notes: [`As figure 6 (right) of ${PAPER}, which gives no numbers for the curve. The paper first samples all ` +
      'data sets to one distribution of sizes; here every mask counts.']}, true);

  const predictedIou = () => statBars('predicted_iou', {title: 'Predicted IoU',
    file: 'predicted-iou',
    label: 'predicted IoU', marks: thresholds('pred-iou-thresh')});

  const stability = () => statBars('stability_score', {title: 'Stability score',
    file: 'stability-score',
    label: 'stability score', marks: thresholds('stability-score-thresh')});

  function threshold(run, option) {
    const value = Number(run.options?.[option] ?? NaN);
    return value > 0 ? value : undefined;
  }

  function thresholds(option) {
    const found = runs().map(run => ({at: threshold(run, option),
      label: `${run.label}: ${run.options?.[option]}`}));
    const set = found.filter(mark => mark.at !== undefined);
    if (new Set(set.map(mark => mark.at)).size === 1)
      return [{at: set[0].at, label: 'threshold'}];
    return set;
  }

  /* The share of centres in a part of the map. */
  const centreShare = (cells, inside) => {
    const sum = list => list.reduce((total, [, , count]) => total + count, 0);
    return sum(cells.filter(([x, y]) => inside(x, y))) / (sum(cells) || 1);
  };

  function centres(run) {
    const side = run.stats.centres.length, quarter = side / 4;
    const cells = run.stats.centres.flatMap((line, y) => line.map((count, x) => [x, y, count]));
    const middle = at => at >= quarter && at < side - quarter;
    const edges = Array.from({length: side + 1}, (_, i) => i / side);
    const said = [centreShare(cells, (x, y) => middle(x) && middle(y)),
      centreShare(cells, (x, y) => !middle(x) && !middle(y))];
    return ChartMap.make({title: title('Centres of the masks', run), file: file('centres', run),
      run: run.number,
      lead: `${ChartBars.share(said[0])} in the middle quarter of the image, ${ChartBars.share(said[1])} in its ` +
        'corners; 25 % each if they were spread evenly.',
      x: {label: 'x / width', edges}, y: {label: 'y / height', edges}, cells, down: true,
      total: cells.reduce((sum, [, , count]) => sum + count, 0),
      notes: [`As figure 5 of ${PAPER}, which gives no numbers. It finds that SA-1B covers the corners better than ` +
        'LVIS and ADE20K, and that COCO and Open Images lie closer to the centre.']});
  }

  const title = (text, run) => Data.report.runs.length > 1 ? `${text}: ${run.label}` : text;
  const file = (name, run) => Data.report.runs.length > 1 ? `${name}-${run.number}` : name;

  /* The edges of the cells from `first` to `last` of the statistics' map, `step` of them joined. */
  function axis(name, [low, high, bins], [first, last, step]) {
    const edge = at => Number((low + (high - low) * at / bins).toPrecision(12));
    const edges = [];
    for (let at = first; at <= last + 1; at += step)
      edges.push(edge(at));
    return {label: name, edges};
  }

  /* The part of the map that holds masks of either run, and how many cells are joined to one. */
  function scoreRange(maps, index, bins) {
    const sums = maps.map(map => {
      const list = new Array(bins).fill(0);
      for (const cell of map.cells)
        list[cell[index]] += cell[2];
      return list;
    });
    return RunNumbers.joined(...RunNumbers.occupied(sums, 1, 8), MAP_CELLS);
  }

  /* The cells of a map, joined. */
  function joinCells(cells, [firstX, , stepX], [firstY, , stepY]) {
    const counts = new Map();
    for (const [x, y, count] of cells) {
      const key = `${Math.floor((x - firstX) / stepX)} ${Math.floor((y - firstY) / stepY)}`;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
    return [...counts].map(([key, count]) => [...key.split(' ').map(Number), count]);
  }

  function scores(run, maps) {
    const map = run.stats.score_map;
    const xs = scoreRange(maps, 0, map.iou[2]), ys = scoreRange(maps, 1, map.stability[2]);
    const total = map.cells.reduce((sum, [, , count]) => sum + count, 0);
    return ChartMap.make({title: title('Predicted IoU and stability', run),
      file: file('scores', run), run: run.number, total, cells: joinCells(map.cells, xs, ys),
      lead: `${Text.counted(total, 'mask')} with both scores.`,
      x: axis('predicted IoU', map.iou, xs), y: axis('stability', map.stability, ys),
      marks: [{x: threshold(run, 'pred-iou-thresh'), y: threshold(run, 'stability-score-thresh')}],
      notes: run.options ? ['Dashed: the thresholds of the run.'] : []});
  }

  function scoreMaps() {
    const scored = runs().filter(run => run.stats.score_map?.cells.length);
    return scored.map(run => scores(run, scored.map(other => other.stats.score_map)));
  }

  /* Charts of the rows: lists of numbers of each run. */
  function rowBars(all, name, chart, say) {
    const lists = all.map(rows => column(rows, name));
    const found = RunNumbers.histogram(lists, chart);
    if (!found)
      return null;
    const described = runs().map((run, i) => ({...run, list: lists[i]}))
      .filter(run => run.list.length);
    return ChartBars.make({lead: each(described, run => say(run.list)), edges: found.edges,
      of: 'images',
      series: runs().map((run, i) => ({name: run.label, run: i, counts: found.counts[i],
        total: lists[i].length})),
      ...chart});
  }

  const masksAnImage = all => rowBars(all, 'masks', {title: 'Masks an image',
    file: 'masks-per-image', whole: true, from: 0, to: SA1B.masks / SA1B.images,
    label: 'masks', marks: [{at: SA1B.masks / SA1B.images, label: 'SA-1B: 103'}],
    notes: [`SA-1B: ${Text.count(SA1B.masks / 1e6)} million masks on ${SA1B.images / 1e6} million images, 103 an image ` +
      `on average (${PAPER}, figure 6).`]},
  list => `median ${quantile(list, 0.5)}, mean ${Text.number(RunNumbers.mean(list), 1)}, ` +
    `${list[0]} to ${list[list.length - 1]}`);

  const secondsAnImage = all => rowBars(all, 'seconds', {title: 'Seconds an image',
    file: 'seconds-per-image', from: 0,
    label: 'seconds', notes: ['Time that one worker spent on an image; several work at once.']},
  list => `median ${Text.seconds(quantile(list, 0.5))}, 95 % within ${Text.seconds(quantile(list, 0.95))}, ` +
    `${Text.seconds(list.reduce((sum, value) => sum + value, 0))} in all`);

  function progress(all) {
    const found = runs().map((run, i) => ({...run, progress: RunNumbers.progress(all[i])}))
      .filter(run => run.progress);
    if (!found.length)
      return null;
    const longest = Math.max(...found.map(run =>
      run.progress.points[run.progress.points.length - 1][0]));
    const [unit, length] = longest < 300 ? ['seconds', 1] : longest < 5 * 3600 ? ['minutes', 60]
      : ['hours', 3600];
    return ChartLines.make({title: 'Images over time', file: 'images-over-time',
      label: `${unit} since the start`,
      unit: 'images', showX: at => `${Text.number(at, 1)} ${unit}`,
      lead: each(found, run => `begun ${Text.date(run.progress.start)}`),
      series: found.map(run => ({name: run.label, run: run.number,
        points: run.progress.points.map(([at, images]) => [at / length, images])}))});
  }

  const failures = all => all.map((rows, i) => {
    const run = runs()[i];
    const items = RunNumbers.reasons(rows).map(([name, count]) => ({name, count, run: i}));
    if (!items.length)
      return null;
    const sum = items.reduce((total, item) => total + item.count, 0);
    return ChartBars.named({title: title('Failures by reason', run), file: file('failures', run),
      head: 'reason', items,
      lead: `${Text.counted(sum, 'image')} failed, or the record is refused.`});
  });

  const machines = () => runs().map(run => {
    if (!run.machines?.length)
      return null;
    return ChartBars.named({title: title('Machines', run), file: file('machines', run),
      head: 'machine',
      lead: Text.counted(run.machines.length, 'machine'),
      items: run.machines.map(({host, images}) => ({name: host, count: images, run: run.number}))});
  });

  /* Lists of figures, each with its heading. all: the rows of the runs. */
  const sections = all => [
    ['Masks', [masksAnImage(all), relativeSize(), concavity(), ...runs().map(centres)]],
    ['Scores', [...scoreMaps(), predictedIou(), stability()]],
    ['Work', [secondsAnImage(all), progress(all), ...failures(all), ...machines()]],
  ];

  return {runs, sections};
})();
