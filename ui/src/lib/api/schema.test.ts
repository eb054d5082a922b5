import { readFileSync } from "node:fs";
import { join } from "node:path";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, it } from "vitest";

it("the wire types are those of the API's document; `npm run api:types` makes them anew", async () => {
  const document = join(import.meta.dirname, "../../../../docs/api/openapi.json");
  const nodes = await openapiTS(readFileSync(document, "utf8"));
  const written = readFileSync(join(import.meta.dirname, "schema.ts"), "utf8");
  expect(written === COMMENT_HEADER + astToString(nodes)).toBe(true);
});
