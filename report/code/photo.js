/* Photo: the photograph of an image, or the best there is in its place. */
const Photo = (() => {
  const said = new Set();       /* runs of which it has been said that photographs are missing */

  /* Percent-encodes all bytes that are not plain in the path of a URL. */
  function encode(bytes) {
    let text = '';
    for (const byte of bytes) {
      const character = String.fromCharCode(byte);
      text += /[A-Za-z0-9_.~\/-]/.test(character) ? character
        : '%' + byte.toString(16).toUpperCase().padStart(2, '0');
    }
    return text;
  }

  const linked = (rows, row) =>
    Data.report.runs[rows.run].photos === 'linked' && !rows.missing.has(row);

  function url(rows, row) {
    const hex = rows.hex[row];
    return Data.report.runs[rows.run].photo_root + encode(hex
      ? hex.match(/../g).map(byte => parseInt(byte, 16)) : new TextEncoder().encode(rows.name[row]));
  }

  async function element(src) {
    const image = Dom.make('img', {src, alt: '', draggable: 'false'});
    await image.decode();
    return image;
  }

  /* Makes of one kind of photograph after the other an <img>, until one can be shown. */
  async function load(rows, row, record) {
    if (rows.status[row] !== Rows.DONE)
      return null;
    const run = Data.report.runs[rows.run];
    const jpeg = base64 => element('data:image/jpeg;base64,' + base64);
    try {
      if (run.photos === 'copied' && !rows.missing.has(row))
        return await jpeg((await Data.read(`photo-${rows.run}-${row}`)).jpeg);
      if (linked(rows, row))
        return await element(url(rows, row));
    } catch {
      /* The thumbnail stands in for it. */
    }
    if (!said.has(rows.run)) {
      said.add(rows.run);
      Dom.notice(run.photos === 'none' ? 'This report was made without photographs.'
        : 'Photographs were not found: masks lie over small copies, or over gray.');
    }
    return record && record.thumb ? jpeg(record.thumb).catch(() => null) : null;
  }

  return {load, linked, url};
})();
