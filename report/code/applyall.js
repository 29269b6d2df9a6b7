/* ApplyAll: counts the masks of all images under the sliders, and the command that keeps them. */
const ApplyAll = (() => {
  /* thresholds(): those of the sliders; run(): the number of the run. */
  function create({thresholds, run}) {
    const command = Dom.make('code', {class: 'command', tabindex: '0', role: 'textbox',
      'aria-readonly': 'true', 'aria-label': 'Command line'});
    const copy = Dom.button('Copy the command', copyCommand);
    const apply = Dom.button('Apply to all images', start);
    const bar = Dom.make('progress', {hidden: true, 'aria-label': 'Images counted'});
    const result = Dom.make('p', {role: 'status', class: 'faint'});
    let job = null;             /* {going}: the count that is under way */

    async function copyCommand() {
      try {
        await navigator.clipboard.writeText(command.textContent);
        Dom.notice('Command line copied');
      } catch {
        getSelection().selectAllChildren(command);
        Dom.notice(document.execCommand('copy') ? 'Command line copied'
          : 'The command line is selected: copy it with Ctrl+C');
      }
    }

    function progress(done, all) {
      bar.max = all;
      bar.value = done;
      return job.going;
    }

    /* Counts; pressed again, the button cancels. The next count begins when this one has ended. */
    async function start() {
      if (job) {
        job.going = false;
        return;
      }
      job = {going: true};
      const number = run();
      apply.textContent = 'Cancel';
      bar.hidden = false;
      bar.removeAttribute('value');
      result.textContent = 'Counting masks in all images';
      try {
        const through = await Thresholds.apply(number, thresholds(), progress);
        result.replaceChildren(through
          ? `${Thresholds.said(number)} stay. The gallery shows these.`
          : 'Cancelled. The gallery is as it was.');
      } catch (error) {
        result.textContent = `Not counted: ${error.message}`;
      }
      job = null;
      bar.hidden = true;
      apply.textContent = 'Apply to all images';
    }

    return {
      element: Dom.make('div', {class: 'apply'}, command,
        Dom.make('div', {class: 'row'}, copy, apply, bar), result),
      update() {
        const text = Thresholds.command(Data.report.runs[run()], thresholds());
        copy.disabled = text === null;
        /* An option stays on one line. */
        const words = (text || 'Move a slider to get its command line.').split(/ (?=--)/);
        command.replaceChildren(...words.flatMap((word, i) =>
          [i ? ' ' : '', Dom.make('span', {class: i ? 'option' : null}, word)]));
      },
    };
  }

  return {create};
})();
