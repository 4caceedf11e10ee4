// What of others is in the shipped module: their licences, and a bill of materials.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Failure, run } from "./run.mjs";

const TARGET = ["--target", "wasm32-unknown-unknown"];

/**
 * The crates that are compiled into the module, sorted by name: `{ name, version, license, authors, repository, folder }`.
 * Those that only run while it is compiled are not among them.
 */
export async function shippedCrates() {
  const tree = ["tree", "--locked", "--package", "upload-token", "--edges", "normal,no-proc-macro", ...TARGET];
  const { stdout: lines } = await run("cargo", [...tree, "--prefix", "none", "--format", "{p}"]);
  const shipped = new Set(lines.match(/^\S+ v\S+/gm));
  const { stdout } = await run("cargo", ["metadata", "--locked", "--format-version", "1"]);
  const crates = JSON.parse(stdout).packages.filter(({ name, version }) => shipped.has(`${name} v${version}`));
  if (crates.length !== shipped.size) throw new Failure("cargo tree and cargo metadata do not know the same crates");
  return crates
    .filter(({ name }) => name !== "upload-token" && name !== "unicode-ident")
    .map(({ name, version, license, authors, repository, manifest_path }) => {
      if (!license) throw new Failure(`the crate ${name} names no licence`);
      return { name, version, license, authors, repository, folder: dirname(manifest_path) };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The notices that these licences ask for, as one text. */
export async function notices(crates) {
  const parts = await Promise.all(
    crates.map(async (crate) => {
      const { name, version, license, repository } = crate;
      const head = [`${name} ${version}`, license, repository].filter(Boolean).join("\n");
      return `${head}\n\n${(await licenseText(crate)).trim()}\n`;
    }),
  );
  const intro = "The WebAssembly module of this package contains the following works of others.\n";
  return [intro, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

/** The licence that the crate comes with: MIT where there is a choice, because it is the shortest. */
async function licenseText({ name, folder, license, authors }) {
  const names = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying)/i.test(file)).sort();
  const file = names.find((file) => /mit/i.test(file)) ?? names[0];
  if (file) return readFile(join(folder, file), "utf8");
  // Where there is a choice, MIT is the one that is taken.
  if (!/^MIT( OR|$)| OR MIT$/.test(license))
    throw new Failure(`the crate ${name} comes without its licence, ${license}`);
  return MIT.replace("HOLDERS", authors.length > 0 ? authors.join(", ") : `the authors of ${name}`);
}

const MIT = `Copyright (c) HOLDERS

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

/** A bill of materials of the package, CycloneDX 1.6; the same for the same lock file. */
export function billOfMaterials({ name, version, license }, crates) {
  const purl = (kind, { name, version }) => `pkg:${kind}/${name}@${version}`;
  const component = (crate) => ({
    type: "library",
    "bom-ref": purl("cargo", crate),
    name: crate.name,
    version: crate.version,
    licenses: [{ expression: crate.license }],
    purl: purl("cargo", crate),
  });
  const own = purl("npm", { name, version });
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "library",
        "bom-ref": own,
        name,
        version,
        licenses: [{ license: { id: license } }],
        purl: own,
      },
    },
    components: crates.map(component),
    dependencies: [{ ref: own, dependsOn: crates.map((crate) => purl("cargo", crate)) }],
  };
}
