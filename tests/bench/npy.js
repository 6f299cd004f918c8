// Reads and writes .npy files as ONNX Runtime tensors.
'use strict';
const fs = require('fs');

// NumPy's dtype, ONNX Runtime's element type, and the array that holds it.
const TYPES = [
  ['<f4', 'float32', Float32Array],
  ['<i8', 'int64', BigInt64Array],
  ['<i4', 'int32', Int32Array],
  ['|u1', 'uint8', Uint8Array],
  ['|b1', 'bool', Uint8Array],
];

function read(ort, path) {
  const bytes = fs.readFileSync(path);
  const start = bytes[6] === 1 ? 10 : 12;
  const end = start + (bytes[6] === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  const header = bytes.toString('latin1', start, end);
  const type = TYPES.find(([dtype]) => header.includes(`'descr': '${dtype}'`));
  if (!type || !header.includes("'fortran_order': False")) {
    throw new Error(`${path}: expected a C-ordered array of float32, int64, int32, uint8 or bool`);
  }
  const dims = header.match(/'shape': \(([^)]*)\)/)[1].split(',').map(s => s.trim()).filter(Boolean).map(Number);
  // A copy, so that the data is aligned.
  const data = new type[2](bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + bytes.length));
  return new ort.Tensor(type[1], data, dims);
}

function write(path, tensor) {
  const type = TYPES.find(([, name]) => name === tensor.type);
  if (!type) throw new Error(`${path}: cannot write elements of type ${tensor.type}`);
  const shape = tensor.dims.join(', ') + (tensor.dims.length === 1 ? ',' : '');
  let header = `{'descr': '${type[0]}', 'fortran_order': False, 'shape': (${shape}), }`;
  header += ' '.repeat(63 - (10 + header.length) % 64) + '\n';
  const magic = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  magic.writeUInt16LE(header.length, 8);
  const data = Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  fs.writeFileSync(path, Buffer.concat([magic, Buffer.from(header, 'latin1'), data]));
}

module.exports = { read, write };
