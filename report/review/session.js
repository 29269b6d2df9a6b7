/* Session: what the server says of itself, and the status of each image of the run. */
const Session = (() => {
  const status = new Map();             /* row -> 'done' or 'rejected'; others have none */
  let begun = new Set();                /* rows without one on which something was decided */
  const listeners = new Set();

  async function start() {
    const [session, images] = await Promise.all([Api.get('session'), Api.get('images')]);
    for (const name of ['done', 'rejected'])
      for (const row of images[name])
        status.set(row, name);
    begun = new Set(images.begun);
    Classes.start(session.classes);
    tell();
    return session;
  }

  function tell() {
    for (const listener of listeners)
      listener();
  }

  /* The status of an image is confirmed, or null: it has none. */
  function set(row, text) {
    status.delete(row);
    begun.delete(row);
    if (text)
      status.set(row, text);
    else
      begun.add(row);
    tell();
  }

  let ready = null;
  return {
    /* Resolves to the answer of api/session, which is asked once. */
    ready: () => ready || (ready = start()),
    set, status: row => status.get(row) || null, begun: row => begun.has(row),
    done: () => status.size,            /* images that need nothing more */
    watch: listener => listeners.add(listener),
  };
})();
