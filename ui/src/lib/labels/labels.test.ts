import { describe, expect, it } from "vitest";
import type { Space } from "$lib/api/types";
import { knownLabels, relabelled, shareOf } from "./labels";

const space = (id: string, labels: string[]) => ({ id, labels }) as unknown as Space;
const a = space("o/a", ["Prod", "eu"]);
const b = space("o/b", ["prod"]);
const c = space("o/c", []);

describe("labels", () => {
  it("are known once, whatever their case", () => {
    expect(knownLabels([a, b, c])).toEqual(["eu", "Prod"]);
  });

  it("say how many of the chosen have them", () => {
    expect(shareOf("PROD", [a, b])).toBe("all");
    expect(shareOf("prod", [a, b, c])).toBe("some");
    expect(shareOf("us", [a, b, c])).toBe("none");
  });

  it("change only where a wish is new", () => {
    expect(relabelled(a, new Map([["prod", true]]))).toBeNull();
    expect(relabelled(c, new Map([["prod", true]]))).toEqual(["prod"]);
    expect(relabelled(a, new Map([["PROD", false]]))).toEqual(["eu"]);
    expect(relabelled(c, new Map([["prod", false]]))).toBeNull();
  });
});
