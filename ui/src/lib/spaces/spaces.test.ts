import { describe, expect, it } from "vitest";
import type { HardwareOption, Space } from "$lib/api/types";
import { SpaceFilter } from "./filter.svelte";
import { byOwner } from "./grouping";
import { isBilling, pageOf, priceOf, shortReason, titleOf } from "./space";
import { isResting, mayHaveMetrics, stageGroup, stageWord } from "./stage";

const hardware = new Map<string, HardwareOption>([
  ["cpu-basic", option("cpu-basic", "CPU basic", 0)],
  ["a10g-small", option("a10g-small", "Nvidia A10G small", 1)],
]);

function option(flavor: string, pretty_name: string, usd_per_hour: number): HardwareOption {
  return { flavor, pretty_name, cpu: "", ram: "", accelerator: null, usd_per_hour };
}

function space(id: string, stage = "RUNNING", current: string | null = "cpu-basic"): Space {
  return {
    id,
    title: null,
    emoji: null,
    description: null,
    sdk: "docker",
    private: false,
    sha: null,
    last_modified: null,
    created_at: null,
    likes: 0,
    tags: [],
    app_port: null,
    subdomain: null,
    app_url: null,
    hub_url: `https://huggingface.co/spaces/${id}`,
    runtime: {
      stage,
      error_message: null,
      hardware: { current, requested: "a10g-small" },
      sleep_time: null,
      replicas: { current: 1, requested: "1" },
      dev_mode: false,
      domains: [],
      sha: null,
    },
    stage,
    stage_since: "2026-11-22T14:00:00Z",
    stage_since_known: true,
    seen_at: "2026-11-22T14:00:00Z",
    stale: false,
    accounts: ["alice"],
    write_access: "yes",
  };
}

describe("stages", () => {
  it("can each be reached by exactly one tile", () => {
    expect(stageGroup("PAUSED")).toBe("paused");
    expect(stageGroup("STOPPED")).toBe("paused");
    expect(stageGroup("SLEEPING")).toBe("sleeping");
    expect(stageGroup("BUILD_ERROR")).toBe("failing");
    expect(stageGroup("APP_STARTING")).toBe("moving");
  });

  it("that are not known are shown as a word and counted as other", () => {
    expect(stageGroup("FUTURE_STAGE")).toBe("other");
    expect(stageWord("FUTURE_STAGE")).toBe("Future stage");
    expect(mayHaveMetrics("FUTURE_STAGE")).toBe(true);
  });

  it("that rest or build are not asked for metrics", () => {
    expect(["SLEEPING", "PAUSED", "STOPPED"].every(isResting)).toBe(true);
    expect(["SLEEPING", "BUILDING", "RUNTIME_ERROR", "DELETING"].map(mayHaveMetrics)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(mayHaveMetrics("RUNNING_BUILDING")).toBe(true);
  });
});

describe("a Space", () => {
  it("is named by its title, or by its name", () => {
    expect(titleOf({ ...space("a/b"), title: "  " })).toBe("b");
    expect(titleOf({ ...space("a/b"), title: "Studio" })).toBe("Studio");
    expect(pageOf("a/b.c")).toBe("/spaces/a/b.c");
  });

  it("costs what was asked for, and bills only what runs", () => {
    expect(priceOf(space("a/b"), hardware)).toEqual({ name: "Nvidia A10G small", usdPerHour: 1 });
    expect(isBilling(space("a/b", "RUNNING", "a10g-small"), hardware)).toBe(true);
    expect(isBilling(space("a/b", "PAUSED", null), hardware)).toBe(false);
  });

  it("says why it fails by the last line of the reason", () => {
    expect(shortReason("Exit code: 1\n\nTraceback:\n  MemoryError: out of memory\n")).toBe(
      "MemoryError: out of memory",
    );
    expect(shortReason("")).toBe("");
  });
});

describe("the filter", () => {
  const all = [
    space("acme/chat"),
    space("acme/search", "RUNTIME_ERROR"),
    space("jdoe/chat", "PAUSED"),
  ];
  const shown = (search: string) =>
    new SpaceFilter(new URLSearchParams(search)).apply(all, hardware).map((it) => it.id);

  it("joins words, owner and stage", () => {
    expect(shown("q=CHAT")).toEqual(["acme/chat", "jdoe/chat"]);
    expect(shown("q=acme chat")).toEqual(["acme/chat"]);
    expect(shown("stage=paused")).toEqual(["jdoe/chat"]);
    expect(shown("stage=failing&owner=jdoe")).toEqual([]);
  });

  it("is the same after a trip through the address", () => {
    const filter = new SpaceFilter(new URLSearchParams("q=a b&owner=acme&stage=failing&billed="));
    expect(new SpaceFilter(new URLSearchParams(filter.toSearch())).toSearch()).toBe(
      filter.toSearch(),
    );
    filter.clear();
    expect(filter.toSearch()).toBe("");
  });

  it("takes no stage that it does not know from the address", () => {
    expect(shown("stage=nonsense")).toHaveLength(3);
  });
});

describe("grouping", () => {
  it("puts a heading with its count before each owner", () => {
    const items = byOwner([space("acme/a"), space("acme/b"), space("jdoe/c")]);
    expect(
      items.map((it) => (it.kind === "owner" ? `${it.owner} ${it.count}` : it.space.id)),
    ).toEqual(["acme 2", "acme/a", "acme/b", "jdoe 1", "jdoe/c"]);
  });
});
