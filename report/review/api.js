/* Api: what the page asks of the server of `maskmill review`. Answers are JSON. */
const Api = (() => {
  /* Resolves to the answer. What the server refuses is an Error with its line and `status`; a server
   * that does not answer has none. */
  async function ask(path, options) {
    let response;
    try {
      response = await fetch('api/' + path, {credentials: 'same-origin', ...options});
    } catch {
      throw new Error('the server does not answer; look whether maskmill review still runs');
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer)
      return answer;
    const said = answer && answer.error || `the server answered ${response.status}`;
    throw Object.assign(new Error(said), {status: response.status});
  }

  const get = path => ask(path, {});
  const post = (path, body) => ask(path, {method: 'POST', body: JSON.stringify(body),
    headers: {'Content-Type': 'application/json'}});

  return {get, post};
})();
