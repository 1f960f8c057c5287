// Opens, refuses and writes sealed secrets as docs/vault-format.md says, with the code that stands there.
//
//   node vault.mjs RECIPE VECTORS    RECIPE: the code as a module; VECTORS: docs/vault-vectors.json
//
// Prints JSON: what opened, what was refused, what was sealed.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [recipe, vectorsFile] = process.argv.slice(2);
const { open, seal } = await import(pathToFileURL(recipe));
const { vectors } = JSON.parse(readFileSync(vectorsFile, "utf8"));

function refuses(key, place, sealed) {
  try {
    open(key, place, sealed);
    return false;
  } catch {
    return true;
  }
}

const answer = { opened: [], refused: [], sealed: [] };
for (const { key_id, key: encoded, place, secret, sealed } of vectors) {
  const key = Buffer.from(encoded, "base64");
  const otherKey = Buffer.from(key).fill(0, 0, 1).fill(255, 31);
  answer.opened.push(open(key, place, sealed));
  answer.refused.push({
    elsewhere: refuses(key, `${place}x`, sealed),
    otherKey: refuses(otherKey, place, sealed),
    cutOff: refuses(key, place, sealed.slice(0, -4)),
    mostlyCutOff: refuses(key, place, sealed.slice(0, sealed.lastIndexOf(".") + 12)),
  });
  answer.sealed.push(seal(key_id, key, place, secret));
}
console.log(JSON.stringify(answer));
