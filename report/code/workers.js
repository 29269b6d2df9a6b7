/* Workers: drawing and counting beside the page. Their code is the text of <script id="worker">: a
 * page from file:// may start no worker from a file, but one from its own text. */
const Workers = (() => {
  const url = URL.createObjectURL(new Blob([Dom.byId('worker').textContent],
    {type: 'text/javascript'}));

  /* One worker. call(kind, data) resolves to its answer; calls are answered in turn. */
  function own() {
    const worker = new Worker(url);
    const calls = new Map();
    let last = 0;
    worker.onmessage = ({data}) => {
      const asked = calls.get(data.id);
      calls.delete(data.id);
      if (data.error)
        asked?.reject(new Error(data.error));
      else
        asked?.resolve(data.answer);
    };
    worker.onerror = ({message}) => {
      for (const {reject} of calls.values())
        reject(new Error(message || 'a worker failed'));
      calls.clear();
    };
    return {
      call: (kind, data) => new Promise((resolve, reject) => {
        calls.set(++last, {resolve, reject});
        worker.postMessage({...data, id: last, kind});
      }),
      busy: () => calls.size,
    };
  }

  const SIZE = Math.min(4, Math.max(1, (navigator.hardwareConcurrency || 2) - 1));
  const pool = [own()];

  /* Calls the least busy worker of the pool, for jobs that need nothing from an earlier one. */
  function call(kind, data) {
    if (pool.length < SIZE)
      pool.push(own());
    const free = pool.reduce((best, worker) => worker.busy() < best.busy() ? worker : best);
    return free.call(kind, data);
  }

  return {own, call, SIZE};
})();
