import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// What the folders may know of each other, held by a test because a rule that nothing checks fades.
const ROOT = import.meta.dirname;
const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/paraglide|\.test\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));
const that = (wanted: (it: { file: string; text: string }) => boolean) =>
  files.filter(wanted).map((it) => it.file);

describe("the structure", () => {
  it("keeps the desktop's interface in two files", () => {
    expect(that((it) => it.text.includes("@tauri-apps/")).sort()).toEqual([
      "lib/api/ipc-transport.ts",
      "lib/platform/desktop.ts",
    ]);
  });

  it("keeps domains out of the components", () => {
    const domains = /\$lib\/(accounts|activity|api|frame|live|logs|metrics|session|spaces)\b/;
    expect(that((it) => it.file.startsWith("lib/components/") && domains.test(it.text))).toEqual(
      [],
    );
  });

  it("puts no text into the page as markup", () => {
    expect(that((it) => /\{@html|innerHTML|insertAdjacentHTML/.test(it.text))).toEqual([]);
  });

  it("loads nothing from another origin", () => {
    const remote = /(?:src|href)=["']https?:|url\(["']?https?:|import\(["']https?:/;
    expect(that((it) => remote.test(it.text))).toEqual([]);
  });
});
