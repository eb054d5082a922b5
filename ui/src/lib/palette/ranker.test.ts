import { describe, expect, it } from "vitest";
import { indexed, marked, rank, type Candidate } from "./ranker";

const spaces: Candidate[] = [
  { name: "image-studio", keywords: "acme-lab/image-studio" },
  { name: "image-upscaler", keywords: "jdoe/image-upscaler" },
  { name: "chat-server", keywords: "acme-lab/chat-server" },
];
const actions = spaces.flatMap((space) => [
  { ...space, verb: "Restart" },
  { ...space, verb: "Factory rebuild" },
]);
const find = (pool: Candidate[], query: string) =>
  rank(indexed(pool), query, 10).map(({ value }) =>
    value.verb ? `${value.verb} ${value.name}` : value.name,
  );

describe("the palette's ranker", () => {
  it("finds by the start, a part, and letters that are spread", () => {
    expect(find(spaces, "ima")).toEqual(["image-studio", "image-upscaler"]);
    expect(find(spaces, "server")).toEqual(["chat-server"]);
    expect(find(spaces, "imst")).toEqual(["image-studio"]);
    expect(find(spaces, "nothing")).toEqual([]);
  });

  it("finds by the owner, below those that are named so", () => {
    expect(find(spaces, "acme")).toEqual(["chat-server", "image-studio"]);
    expect(find(spaces, "jdoe up")).toEqual(["image-upscaler"]);
  });

  it("offers an action only when it is named", () => {
    expect(find(actions, "image")).toEqual([]);
    expect(find(actions, "restart ima")).toEqual([
      "Restart image-studio",
      "Restart image-upscaler",
    ]);
    expect(find(actions, "studio rebuild")).toEqual(["Factory rebuild image-studio"]);
  });

  it("marks what was found", () => {
    expect(marked("image-studio", "ima stu")).toEqual(["", "ima", "ge-", "stu", "dio"]);
    expect(marked("image-studio", "stu")).toEqual(["image-", "stu", "dio"]);
    expect(marked("image-studio", "zzz")).toEqual(["image-studio"]);
  });

  it("takes a moment over a thousand Spaces", () => {
    const many = Array.from({ length: 1000 }, (_, n) => ({ name: `space-${n}-of-somebody` }));
    const pool = indexed([
      ...many,
      ...["Restart", "Pause", "Factory rebuild"].flatMap((verb) =>
        many.map((it) => ({ ...it, verb })),
      ),
    ]);
    const begin = performance.now();
    for (const query of ["r", "re", "res", "restart 9", "spc99"]) rank(pool, query, 10);
    // Five key presses. The bound is far above what it takes, for a machine that is busy.
    expect(performance.now() - begin).toBeLessThan(400);
  });
});
