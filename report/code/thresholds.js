/* Thresholds: what the sliders hold, in the address and as a command line. Also what has been
 * applied to all images of a run. */
const Thresholds = (() => {
  /* key: in the address and for the worker; neutral keeps all masks. */
  const ALL = [
    {key: 'iou', label: 'Predicted IoU above', option: '--pred-iou-thresh', neutral: 0},
    {key: 'stability', label: 'Stability at least', option: '--stability-score-thresh', neutral: 0},
    {key: 'min', label: 'Area at least', option: '--min-area', neutral: 0},
    {key: 'max', label: 'Area at most', option: '--max-area', neutral: 0},
    {key: 'overlap', label: 'Overlap at most', option: '--mask-nms-thresh', neutral: 1},
  ];
  const MOST_AREA = 2 ** 31 - 1;

  const neutral = () => Object.fromEntries(ALL.map(({key, neutral}) => [key, neutral]));
  const isArea = key => key === 'min' || key === 'max';

  /* The nearest value that the program takes. */
  function valid(key, value) {
    if (!Number.isFinite(value))
      return ALL.find(one => one.key === key).neutral;
    return isArea(key) ? Math.round(Math.min(Math.max(value, 0), MOST_AREA))
      : Math.min(Math.max(value, 0), 1);
  }

  const name = key => 't.' + key;

  function read(params) {
    const found = neutral();
    for (const {key} of ALL)
      if (params.has(name(key)))
        found[key] = valid(key, parseFloat(params.get(name(key))));
    return change(found, 'min', found.min);
  }

  /* For Router.replace. */
  const write = thresholds => Object.fromEntries(ALL.map(({key, neutral}) =>
    [name(key), thresholds[key] === neutral ? null : String(thresholds[key])]));

  /* The path of a run as a word, with `end` behind it. A leading - would be taken for an option. */
  function path({path, path_hex: hex}, end) {
    if (!hex)
      return Text.shell((path.startsWith('-') ? './' : '') + path.replace(/(.)\/+$/s, '$1') + end);
    const bytes = hex.match(/../g).map(byte => parseInt(byte, 16));
    while (bytes.length > 1 && bytes[bytes.length - 1] === 47)
      bytes.pop();
    if (bytes[0] === 45)
      bytes.unshift(46, 47);
    return Text.shellBytes([...bytes, ...new TextEncoder().encode(end)]);
  }

  /* What makes of the path of a run that of a folder beside it. */
  const beside = run => /(^|\/)\.\.?\/*$/.test(run.path) ? '/../filtered' : '-filtered';

  /* Whether the run has not already been through as much. `filter` refuses what is looser than the
   * run's own: that took masks away that cannot come back. */
  function acts({options}, {key, option, neutral}, value) {
    const own = options ? Number(options[option.slice(2)] ?? neutral) : neutral;
    if (value === neutral || Number.isNaN(own))
      return value !== neutral;
    const lower = key === 'max' || key === 'overlap';
    return lower ? key === 'max' && own === 0 || value < own : value > own;
  }

  /* The command that keeps just these masks, or null if that is all of them. String() gives the
   * fewest digits that are read back as the same number. */
  function command(run, thresholds) {
    const options = ALL.filter(one => acts(run, one, thresholds[one.key]))
      .map(({key, option}) => ` ${option} ${String(thresholds[key])}`);
    return options.length === 0 ? null
      : `maskmill filter ${path(run, '')} -o ${path(run, beside(run))}${options.join('')}`;
  }

  /* These thresholds with one changed. No area is at least and at most something less. */
  function change(thresholds, key, value) {
    const {min, max, ...others} = {...thresholds, [key]: value};
    const crossed = max > 0 && min > max;
    return {...others, min: crossed && key === 'max' ? max : min,
      max: crossed && key === 'min' ? min : max};
  }

  /* Per run: {thresholds, time, counts: masks that stay, by row}. */
  const applied = [];
  const of = run => applied[run] || null;
  const sum = list => list.reduce((total, n) => total + (n || 0), 0);
  const said = run => `${Text.count(sum(of(run).counts))} of ${
    Text.counted(sum(Rows.of(run).masks), 'mask')}`;
  const forget = run => { applied[run] = null; };

  /* Counts in all images of a run. progress(done, all) is called on the way and stops the work by
   * returning false. Resolves to true if it went through. */
  async function apply(run, thresholds, progress) {
    const rows = await Rows.of(run).all;
    const found = {thresholds: {...thresholds}, time: Date.now(),
      counts: Float64Array.from(rows.masks)};
    const chunks = 1 + rows.chunk.reduce((most, chunk) => Math.max(most, chunk), -1);
    let next = 0, done = 0, going = true;
    const countChunk = async name => {
      const {rows: list, images} = await Data.read(name);
      const counts = await Workers.call('count', {thresholds, heights: list.map(row =>
        rows.height[row]), images: images.map(image => ({...image, thumb: null}))});
      counts.forEach((count, i) => { found.counts[list[i]] = count; });
    };
    const walk = async () => {
      while (going && next < chunks) {
        await countChunk(`images-${run}-${next++}`);
        going = going && progress(++done, chunks) !== false;
      }
    };
    const stop = error => {
      going = false;            /* for the others, too */
      throw error;
    };
    await Promise.all(Array.from({length: 2 * Workers.SIZE}, () => walk().catch(stop)));
    if (going)
      applied[run] = found;
    return going;
  }

  return {ALL, neutral, isArea, valid, read, write, change, command, of, said, forget, apply};
})();
