/* Data: the documents of the report (README.md describes them), from a folder or a single file. */
const Data = (() => {
  const CHUNKS = 48;              /* kept; each is about 1 MiB of text */
  const waiting = new Map();      /* name -> {promise, resolve} of documents on their way */
  const chunks = new Map();       /* name -> promise, least recently used first */

  window.maskmillReport = (name, value) => {
    const reader = waiting.get(name);
    if (reader)
      reader.resolve(value);
  };

  /* A folder's document is a script, as browsers load no JSON from file://. */
  function load(name) {
    if (waiting.has(name))
      return waiting.get(name).promise;
    const reader = {};
    waiting.set(name, reader);
    reader.promise = new Promise((resolve, reject) => {
      const script = Dom.make('script', {src: `data/${name}.js`});
      const end = problem => {
        waiting.delete(name);
        script.remove();
        reject(new Error(`data/${name}.js ${problem}`));      /* nothing, if it is resolved */
      };
      reader.resolve = resolve;
      script.onload = () => end('holds another document');
      script.onerror = () => end('cannot be read');
      document.head.append(script);
    });
    return reader.promise;
  }

  /* Reads a document. Nothing is kept: whoever needs it again keeps it. */
  async function read(name) {
    const block = Dom.byId('data/' + name);
    return block ? JSON.parse(block.textContent) : load(name);
  }

  /* Reads a document that is wanted again and again; the ones used last are kept. */
  function chunk(name) {
    const kept = chunks.get(name) || read(name);
    chunks.delete(name);
    chunks.set(name, kept);
    kept.catch(() => chunks.delete(name));
    if (chunks.size > CHUNKS)
      chunks.delete(chunks.keys().next().value);
    return kept;
  }

  /* The masks and thumbnail of an image, as in images-R-C. null: it has none. */
  async function image(run, row) {
    const number = Rows.of(run).chunk[row];
    if (number < 0)
      return null;
    const document = await chunk(`images-${run}-${number}`);
    return document.images[document.rows.indexOf(row)] || null;
  }

  /* What the report is about, in its own words. */
  const title = () => Data.report.runs.map(run => run.name).join(' and ');

  /* Data.report is the document `report`, set before any page opens. */
  return {report: null, read, chunk, image, title};
})();
