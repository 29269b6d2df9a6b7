/* Saves: changes go to the server one after the other, in the order in which they were made. */
const Saves = (() => {
  let last = Promise.resolve(), waiting = 0;
  const listeners = new Set();

  function tell(problem) {
    for (const listener of listeners)
      listener({waiting, problem});
  }

  /* Posts what body() gives once its turn comes. Resolves to the answer. */
  function post(path, body) {
    waiting++;
    tell('');
    const turn = last.then(() => Api.post(path, body()));
    last = turn.then(() => '', error => error.message).then(problem => {
      waiting--;
      tell(problem);
    });
    return turn;
  }

  /* Calls listener({waiting, problem}): how many changes are not confirmed yet, and why the last one
   * was not saved; '' if it was, or is not yet. */
  const watch = listener => listeners.add(listener);

  addEventListener('beforeunload', event => { if (waiting) event.preventDefault(); });

  return {post, watch};
})();
