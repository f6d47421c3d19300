// Blanks what only a panic would say: the places in the source, and the halves of its messages. The
// functions that say it are emptied by scripts/client-snip.mjs; zeroes are not even shipped.

/** Where in the source something panics: the address and length of a path, then line and column. */
const PLACE = 16;

const messages = [
  "slice index starts at ",
  " but ends at ",
  "range start index ",
  "range end index ",
  " out of range for slice of length ",
  "insertion index (is ",
  "removal index (is ",
  ") should be <= len (is ",
  ") should be < len (is ",
];

/** Changes the bytes of a module in place; says how many places it found. */
export function blank(binary) {
  const segments = dataSegments(binary);
  const at = (address, length) => {
    const home = segments.find(
      ({ start, bytes }) => address >= start && address + length <= start + bytes.length,
    );
    return home?.bytes.subarray(address - home.start, address - home.start + length);
  };
  const paths = [];
  let places = 0;
  for (const { bytes } of segments) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let offset = 0; offset + PLACE <= bytes.length; offset += 4) {
      const length = view.getUint32(offset + 4, true);
      const path = length < 256 && at(view.getUint32(offset, true), length);
      if (!path || !/^[\w./-]+\/[\w./-]+\.rs$/.test(Buffer.from(path).toString("latin1"))) continue;
      paths.push(path);
      bytes.fill(0, offset, offset + PLACE);
      places += 1;
    }
  }
  for (const path of paths) path.fill(0);
  for (const { bytes } of segments) {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const message of messages) {
      const found = data.indexOf(message);
      if (found >= 0) data.fill(0, found, found + message.length);
    }
  }
  return places;
}

/** The active data segments at constant addresses, as views into the module. */
function dataSegments(binary) {
  let position = 8;
  const unsigned = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[position++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const segments = [];
  while (position < binary.length) {
    const section = binary[position++];
    const length = unsigned();
    const end = position + length;
    if (section === 11) {
      for (let count = unsigned(); count > 0; count -= 1) {
        if (unsigned() !== 0 || binary[position++] !== 0x41) throw new Error("a segment elsewhere");
        // Below 2 GiB the signed number is the unsigned one.
        const start = unsigned();
        position += 1;
        const size = unsigned();
        segments.push({ start, bytes: binary.subarray(position, position + size) });
        position += size;
      }
    }
    position = end;
  }
  return segments;
}
