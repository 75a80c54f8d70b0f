"use strict";

// A ZIP file without compression, as images do not shrink: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

function makeCrcTable() {
  return Uint32Array.from({ length: 256 }, (_, number) => {
    for (let bit = 0; bit < 8; bit++) {
      number = number & 1 ? 0xedb88320 ^ (number >>> 1) : number >>> 1;
    }
    return number;
  });
}

function computeCrc(bytes, table) {
  let crc = -1;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

// Little-endian numbers, each [value, bytes].
function packNumbers(...fields) {
  return Uint8Array.from(
    fields.flatMap(([value, size]) =>
      Array.from({ length: size }, (_, place) => Math.floor(value / 256 ** place) & 255),
    ),
  );
}

// Takes [{name, bytes}], and returns a Blob.
function makeZip(files) {
  const table = makeCrcTable();
  const utf8 = 0x0800;
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const path = new TextEncoder().encode(name);
    const about = [
      [20, 2], [utf8, 2], [0, 2], [0, 2], [0x21, 2], // version, flags, stored, no time, 1980-01-01
      [computeCrc(bytes, table), 4], [bytes.length, 4], [bytes.length, 4],
      [path.length, 2], [0, 2],
    ];
    const head = packNumbers([0x04034b50, 4], ...about);
    directory.push(
      packNumbers([0x02014b50, 4], [20, 2], ...about, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
      path,
    );
    parts.push(head, path, bytes);
    offset += head.length + path.length + bytes.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packNumbers(
    [0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [length, 4],
    [offset, 4], [0, 2],
  );
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
