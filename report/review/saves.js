/* Saves: changes go to the server one after the other, in the order in which they were made. */
const Saves = (() => {
  let last = Promise.resolve(), waiting = 0;
  let problem = '';                     /* why the first that failed of those made together was not saved */
  const listeners = new Set();

  function tell() {
    for (const listener of listeners)
      listener({waiting, problem});
  }

  /* Posts what body() gives once its turn comes. Resolves to the answer. */
  function post(path, body) {
    if (waiting++ === 0)
      problem = '';
    tell();
    const turn = last.then(() => Api.post(path, body()));
    last = turn.then(() => {}, error => { problem = problem || error.message; }).then(() => {
      waiting--;
      tell();
    });
    return turn;
  }

  /* Calls listener({waiting, problem}): how many changes are not confirmed yet, and why the first of them was
   * not saved; '' if all were, or are not yet. It stays until a change is made when none is waiting. */
  const watch = listener => listeners.add(listener);

  addEventListener('beforeunload', event => { if (waiting) event.preventDefault(); });

  return {post, watch};
})();
