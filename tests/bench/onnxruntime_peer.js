#!/usr/bin/env node
// Runs a model in ONNX Runtime, to compare results, speed, memory and loading with.
'use strict';
const npy = require('./npy.js');

const USAGE = `usage: onnxruntime_peer.js MODEL.onnx [options]

Runs MODEL.onnx in ONNX Runtime (onnxruntime-node, found through NODE_PATH) and prints one line of JSON: median_ms and
min_ms of a run, load_ms (creating the session), peak_rss_bytes, and node_rss_bytes (of node alone, before ONNX Runtime).

  --input [NAME=]X.npy    an input, repeated for several; without any, sin(i) fills all of them
  --output [NAME=]Y.npy   where to write an output
  --batch N               the batch without --input (default 1)
  --threads N             threads (default 1)
  --seconds S             measure for S seconds, three runs at least (default 2)
  --repeat N              measure N runs instead`;

function parse(words) {
  const options = { inputs: [], outputs: [], batch: 1, threads: 1, seconds: 2, repeat: 0 };
  while (words.length) {
    const word = words.shift();
    if (!word.startsWith('--')) options.model = word;
    else if (word === '--help') { console.log(USAGE); process.exit(0); }
    else if (word === '--input') options.inputs.push(words.shift());
    else if (word === '--output') options.outputs.push(words.shift());
    else if (['--batch', '--threads', '--seconds', '--repeat'].includes(word)) options[word.slice(2)] = Number(words.shift());
    else throw new Error(`unknown option ${word}`);
  }
  if (!options.model) throw new Error('which model? --help shows the usage');
  return options;
}

// {name: path} from arguments [NAME=]PATH; names are those of the session.
function files(names, words) {
  const result = {};
  for (const word of words) {
    const name = names.find(n => word.startsWith(n + '='));
    result[name === undefined ? names[0] : name] = name === undefined ? word : word.slice(name.length + 1);
  }
  return result;
}

function waves(ort, session, batch) {
  const feeds = {};
  session.inputMetadata.forEach((meta, at) => {
    const dims = meta.shape.map((d, axis) => (typeof d === 'number' && d > 0 ? d : axis === 0 ? batch : 1));
    const count = dims.reduce((a, b) => a * b, 1);
    if (meta.type !== 'float32') throw new Error(`input ${session.inputNames[at]} is ${meta.type}: give it by --input`);
    feeds[session.inputNames[at]] = new ort.Tensor('float32', Float32Array.from({ length: count }, (_, i) => Math.sin(i)), dims);
  });
  return feeds;
}

async function main() {
  const options = parse(process.argv.slice(2));
  const nodeRss = process.memoryUsage().rss;
  const ort = require('onnxruntime-node');
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const start = now();
  const session = await ort.InferenceSession.create(options.model, {
    intraOpNumThreads: options.threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3 });
  const loadMs = now() - start;
  let feeds = {};
  const given = files(session.inputNames, options.inputs);
  for (const name of Object.keys(given)) feeds[name] = npy.read(ort, given[name]);
  if (!options.inputs.length) feeds = waves(ort, session, options.batch);

  let results = await session.run(feeds); // the first run allocates; it is not measured
  const times = [];
  const begin = now();
  while (options.repeat ? times.length < options.repeat : times.length < 3 || now() - begin < options.seconds * 1e3) {
    const t = now();
    results = await session.run(feeds);
    times.push(now() - t);
  }
  times.sort((a, b) => a - b);
  const wanted = files(session.outputNames, options.outputs);
  for (const name of Object.keys(wanted)) npy.write(wanted[name], results[name]);
  const middle = times.length >> 1;
  console.log(JSON.stringify({
    peer: 'onnxruntime', version: ort.env.versions.node, model: options.model,
    batch: Object.values(feeds)[0].dims[0], threads: options.threads, runs: times.length,
    median_ms: times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2, min_ms: times[0],
    load_ms: loadMs, peak_rss_bytes: process.resourceUsage().maxRSS * 1024, node_rss_bytes: nodeRss }));
}

main().catch(error => {
  console.error(`onnxruntime_peer: ${error.message.split('\n')[0]}`);
  process.exit(1);
});
