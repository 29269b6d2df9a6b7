'use strict';
/* Text: numbers, sizes and names as people read them, and as a shell reads them. All plain text. */
const Text = (() => {
  const whole = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
  const missing = '–';

  const count = n => whole.format(n);

  /* "1 mask", "1,204 masks". */
  const counted = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;

  /* With at most `digits` after the point; null is a dash. */
  const number = (n, digits = 3) => n == null || Number.isNaN(n) ? missing : n.toLocaleString('en-US',
    {minimumFractionDigits: digits, maximumFractionDigits: digits});

  const percent = (part, digits = 1) =>
    part == null || Number.isNaN(part) ? missing : number(100 * part, digits) + ' %';

  function seconds(n) {
    if (n == null || Number.isNaN(n))
      return missing;
    if (n < 60)
      return number(n, n < 10 ? 2 : 1) + ' s';
    const minutes = Math.round(n / 60);
    return minutes < 60 ? minutes + ' min' : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  const date = unix => unix == null ? missing : new Date(unix * 1000).toLocaleString();

  /* A word of a POSIX shell's command line. In '...' only ' itself is special. Other characters
   * that a terminal would act on (newline, escape) need $'...', which bash, zsh, ksh and the
   * POSIX shells of 2024 know. */
  function shell(word) {
    if (/^[A-Za-z0-9_@%+:,.\/-]+$/.test(word))
      return word;
    if (!/[\x00-\x1f\x7f-\x9f]/.test(word))
      return "'" + word.replace(/'/g, "'\\''") + "'";
    return shellBytes(new TextEncoder().encode(word));
  }

  /* The same of any bytes. Octal, as digits that follow a hexadecimal escape may join it. */
  function shellBytes(bytes) {
    let word = "$'";
    for (const byte of bytes)
      word += byte < 32 || byte > 126 || byte === 39 || byte === 92
        ? '\\' + byte.toString(8).padStart(3, '0') : String.fromCharCode(byte);
    return word + "'";
  }

  return {count, counted, number, percent, seconds, date, shell, shellBytes, missing};
})();
