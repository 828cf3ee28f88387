// The same offers in two rules engines and in a bare loop: node engines.mjs FOLDER
// Prints milliseconds for one basket (median) and the number of offers that matched.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

import {ZenEngine} from '@gorules/zen-engine';
import {Engine} from 'json-rules-engine';

const folder = process.argv[2];
const {rules} = JSON.parse(readFileSync(join(folder, 'program.json'), 'utf8'));
const baskets = readFileSync(join(folder, 'baskets.jsonl'), 'utf8').trim().split('\n')
  .map(text => JSON.parse(text).lines.map(l => ({sku: l.sku, category: l.category, price: Number(l.price)})));

async function timed(rounds, match) {
  const times = [];
  let matched = 0;
  for (let i = 0; i < rounds; ++i) {
    const lines = baskets[i % baskets.length];
    const from = performance.now();
    const hits = await match(lines);
    times.push(performance.now() - from);
    if (i < baskets.length) matched += hits;
  }
  times.sort((a, b) => a - b);
  return {ms: times[times.length >> 1], matched};
}

function loop(lines) {
  let hits = 0;
  for (const line of lines) {
    for (const {select} of rules) {
      if (select.skus ? select.skus.includes(line.sku)
          : select.categories.includes(line.category) && line.price >= 1) ++hits;
    }
  }
  return hits;
}

function jsonRules() {
  const engine = new Engine();
  for (const rule of rules) {
    const {skus, categories} = rule.select;
    const all = skus ? [{fact: 'sku', operator: 'in', value: skus}]
      : [{fact: 'category', operator: 'in', value: categories},
         {fact: 'price', operator: 'greaterThanInclusive', value: 1}];
    engine.addRule({conditions: {all}, event: {type: rule.id, params: rule.give}});
  }
  return async lines => {
    let hits = 0;
    for (const line of lines) hits += (await engine.run(line)).events.length;
    return hits;
  };
}

function zen() {
  const table = {
    hitPolicy: 'collect',
    inputs: [{id: 's', name: 'sku', type: 'expression', field: 'sku'},
             {id: 'c', name: 'category', type: 'expression', field: 'category'},
             {id: 'p', name: 'price', type: 'expression', field: 'price'}],
    outputs: [{id: 'o', name: 'offer', type: 'expression', field: 'offer'}],
    rules: rules.map(({id, select}) => ({
      _id: id, o: JSON.stringify(id),
      s: select.skus ? select.skus.map(s => JSON.stringify(s)).join(', ') : '',
      c: select.categories ? select.categories.map(c => JSON.stringify(c)).join(', ') : '',
      p: select.categories ? '>= 1' : '',
    })),
  };
  const graph = {
    nodes: [{id: 'in', type: 'inputNode', name: 'in', position: {x: 0, y: 0}},
            {id: 'table', type: 'decisionTableNode', name: 'table', position: {x: 1, y: 0}, content: table},
            {id: 'out', type: 'outputNode', name: 'out', position: {x: 2, y: 0}}],
    edges: [{id: 'e1', type: 'edge', sourceId: 'in', targetId: 'table'},
            {id: 'e2', type: 'edge', sourceId: 'table', targetId: 'out'}],
  };
  const decision = new ZenEngine().createDecision(Buffer.from(JSON.stringify(graph)));
  return async lines => {
    let hits = 0;
    for (const line of lines) hits += (await decision.evaluate(line)).result.length;
    return hits;
  };
}

const out = {loop: await timed(512, loop)};
out.zen = await timed(64, zen());
out.json_rules = await timed(64, jsonRules());
console.log(JSON.stringify(out));
