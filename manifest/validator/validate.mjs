// Microsoft's own validator over app packages' files: node validate.mjs FOLDER... ; each holds a manifest.json.
// It takes the schemas that come inside its package and asks no network; a version it does not bring is a failure.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import validator from "@microsoft/app-manifest";

globalThis.fetch = () => Promise.reject(new Error("The validator asked the network."));
const home = createRequire(import.meta.url).resolve("@microsoft/app-manifest");
let failed = false;

for (const folder of process.argv.slice(2)) {
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    const schemas = join(home, "..", "json-schemas", "teams", `v${manifest.manifestVersion}`);
    const found = await validator.AppManifestUtils.validateAgainstSchema(manifest);
    const localization = JSON.parse(readFileSync(join(schemas, "MicrosoftTeams.Localization.schema.json"), "utf8"));
    const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
    addFormats(ajv);
    const check = ajv.compile(localization);
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".json") && each !== "manifest.json")) {
        if (!check(JSON.parse(readFileSync(join(folder, name), "utf8")))) {
            found.push(`${name}: ${ajv.errorsText(check.errors)}`);
        }
    }
    for (const fault of found) console.error(`${folder}: ${fault}`);
    failed ||= found.length > 0;
    if (found.length === 0) console.log(`${folder}: valid by ${manifest.$schema}`);
}
process.exit(failed || process.argv.length < 3 ? 1 : 0);
