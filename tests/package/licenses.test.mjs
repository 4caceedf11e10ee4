// The works of others in the package: each is named, with its licence.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";

import { shippedCrates } from "../../scripts/lib/licenses.mjs";
import { packed, project } from "./packed.mjs";
import { matches } from "./snapshot.mjs";

const read = (name) => readFile(join(project, "node_modules/upload-token", name), "utf8");
let crates;

before(async () => {
  await packed();
  crates = await shippedCrates();
});

/** Licences whose conditions the package meets by repeating their text. */
const PERMISSIVE = new Set(["MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "Zlib", "Unlicense"]);

test("each crate in the module has a licence that asks for no more than its notice", async () => {
  assert(crates.length > 5);
  for (const { name, license } of crates) {
    const choices = license.split(/ OR |\//);
    assert(
      choices.some((choice) => PERMISSIVE.has(choice)),
      `${name}: ${license}`,
    );
  }
  const text = await read("dist/THIRD-PARTY-LICENSES.txt");
  for (const { name, version } of crates) assert(text.includes(`\n${name} ${version}\n`), name);
  const notices = text.split(`\n${"-".repeat(80)}\n`).slice(1);
  assert.equal(notices.length, crates.length);
  for (const notice of notices) assert.match(notice, /Copyright|Permission is hereby granted|Apache License/);
});

test("the bill of materials lists the same", async () => {
  const bill = JSON.parse(await read("dist/sbom.cdx.json"));
  const { name, version } = JSON.parse(await read("package.json"));
  assert.deepEqual([bill.bomFormat, bill.metadata.component.purl], ["CycloneDX", `pkg:npm/${name}@${version}`]);
  const purls = crates.map(({ name, version }) => `pkg:cargo/${name}@${version}`);
  assert.deepEqual(
    bill.components.map(({ purl }) => purl),
    purls,
  );
  assert.deepEqual(bill.dependencies[0].dependsOn, purls);
  await matches("shipped-crates.txt", `${crates.map(({ name, license }) => `${name}: ${license}`).join("\n")}\n`);
});
