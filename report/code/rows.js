/* Rows: the images of a run as columns, which fill in the background, 5,000 rows at a time. */
const Rows = (() => {
  const NUMBERS = ['width', 'height', 'status', 'masks', 'iou', 'stability', 'covered', 'seconds',
    'time'];
  const DONE = 0, FAILED = 1, REFUSED = 2;
  const runs = [];
  const listeners = new Set();

  /* Each column has an entry for each row; numbers that are null are NaN. Rows from `loaded` on are
   * not there yet, and will not come if there is a `problem`. */
  function make(run) {
    const count = Data.report.runs[run].rows;
    const rows = {run, count, loaded: 0, problem: '', name: [], lower: [], hex: {}, reason: {},
      missing: new Set(), chunk: new Int32Array(count).fill(-1)};
    for (const column of NUMBERS)
      rows[column] = new Float64Array(count).fill(NaN);
    return rows;
  }

  function append(rows, part) {
    const {first, count} = part;
    for (const column of NUMBERS)
      for (let i = 0; i < count; i++)
        rows[column][first + i] = part[column][i] ?? NaN;
    for (let i = 0; i < count; i++) {
      rows.chunk[first + i] = part.chunk[i];
      rows.name.push(part.name[i]);
      rows.lower.push(part.name[i].toLowerCase());
    }
    Object.assign(rows.hex, part.hex);
    Object.assign(rows.reason, part.reason);
    for (const row of part.missing)
      rows.missing.add(row);
    rows.loaded = first + count;
  }

  function tell(rows) {
    for (const listener of listeners)
      listener(rows);
  }

  async function fill(rows) {
    for (let part = 0; part < Data.report.runs[rows.run].index; part++) {
      append(rows, await Data.read(`index-${rows.run}-${part}`));
      tell(rows);
      await new Promise(resolve => setTimeout(resolve, 0));
    }
    return rows;
  }

  /* The rows of run 0 or 1. The first call starts to read them; `all` resolves when they are there,
   * `first` when the first part is. */
  function of(run) {
    if (!runs[run]) {
      const rows = runs[run] = make(run);
      rows.all = fill(rows);
      rows.all.catch(({message}) => {
        rows.problem = message;
        Dom.notice(message);
        tell(rows);
      });
      rows.first = Promise.race([rows.all, new Promise(resolve => {
        const watch = loaded => { if (loaded === rows) { listeners.delete(watch); resolve(rows); } };
        listeners.add(watch);
      })]);
      rows.first.catch(() => {});       /* `all` has said it */
    }
    return runs[run];
  }

  /* Calls listener(rows) whenever more rows of a run have come, or none will. */
  const watch = listener => listeners.add(listener);

  return {of, watch, DONE, FAILED, REFUSED};
})();
