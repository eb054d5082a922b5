import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (locale: string): Record<string, unknown> => {
  const { $schema: _, ...messages } = JSON.parse(
    readFileSync(join(ROOT, "..", "messages", `${locale}.json`), "utf8"),
  ) as Record<string, unknown>;
  return messages;
};
const english = read("en");
const chinese = read("zh-CN");

/** The names in braces, in whatever form the message is written. */
const inputs = (message: unknown) =>
  new Set([...JSON.stringify(message).matchAll(/\{([a-zA-Z]+)\}/g)].map((match) => match[1]));

const sources = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/paraglide|\.test\.ts$/.test(file))
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .join("\n");
const used = new Set(
  [...sources.matchAll(/\bm\.([a-z][a-z0-9_]*)/g)].map((match) => match[1] ?? ""),
);

describe("the message catalogues", () => {
  it("have the same messages in both languages", () => {
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort());
  });

  it("take the same inputs in both languages", () => {
    for (const [key, message] of Object.entries(english)) {
      expect([...inputs(chinese[key])].sort(), key).toEqual([...inputs(message)].sort());
    }
  });

  it("hold every message that the page uses", () => {
    expect([...used].filter((key) => !(key in english))).toEqual([]);
  });

  it("hold no message that the page does not use", () => {
    expect(Object.keys(english).filter((key) => !used.has(key))).toEqual([]);
  });
});
