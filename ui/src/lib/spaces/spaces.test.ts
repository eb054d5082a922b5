import { describe, expect, it } from "vitest";
import type { HardwareOption, Space, StageChange } from "$lib/api/types";
import type { SpaceUse } from "$lib/metrics/metrics.svelte";
import { planOf } from "./bulk.svelte";
import { fitting } from "./columns";
import { SpaceFilter } from "./filter.svelte";
import { listItems } from "./grouping";
import { beatsOf } from "./history.svelte";
import { SelectionState } from "./selection.svelte";
import { heldOrder, sortSpaces } from "./sorting";
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
  const all = [space("acme/a"), space("acme/b"), space("jdoe/c")];
  const shown = (wishes: Partial<Parameters<typeof listItems>[1]>) =>
    listItems(all, {
      grouped: true,
      isFavourite: () => false,
      isFolded: () => false,
      ...wishes,
    }).map((it) => (it.kind === "heading" ? `${it.key} ${it.count}` : it.space.id));

  it("puts a heading with its count before each owner", () => {
    expect(shown({})).toEqual(["acme 2", "acme/a", "acme/b", "jdoe 1", "jdoe/c"]);
  });

  it("hides what is folded, and puts favourites first", () => {
    expect(shown({ isFolded: (owner) => owner === "acme" })).toEqual([
      "acme 2",
      "jdoe 1",
      "jdoe/c",
    ]);
    expect(shown({ grouped: false, isFavourite: (id) => id === "acme/b" })).toEqual([
      "★ 1",
      "acme/b",
      "acme/a",
      "jdoe/c",
    ]);
  });
});

describe("sorting", () => {
  const all = [space("a/one"), space("b/two", "RUNTIME_ERROR"), space("c/three", "PAUSED")];
  const use = (cpu: number) => ({ cpu }) as SpaceUse;
  const useOf = (id: string) => (id === "a/one" ? use(20) : id === "b/two" ? use(90) : null);
  const ids = (spaces: Space[]) => spaces.map((it) => it.id);

  it("puts what needs somebody first", () => {
    expect(ids(sortSpaces(all, "stage", false, useOf))).toEqual(["b/two", "c/three", "a/one"]);
  });

  it("leaves those without a number at the end, up and down", () => {
    expect(ids(sortSpaces(all, "cpu", true, useOf))).toEqual(["b/two", "a/one", "c/three"]);
    expect(ids(sortSpaces(all, "cpu", false, useOf))).toEqual(["a/one", "b/two", "c/three"]);
  });

  it("holds the order under the pointer, with what is new at the end", () => {
    const [one, two, three] = all as [Space, Space, Space];
    expect(ids(heldOrder(["c/three", "a/one"], [one, two, three]))).toEqual([
      "c/three",
      "a/one",
      "b/two",
    ]);
  });
});

describe("the columns", () => {
  it("give way from the least worth, and keep the person's order", () => {
    expect(fitting(["network", "stage", "cpu"], 2000, 108)).toEqual(["network", "stage", "cpu"]);
    expect(fitting(["network", "stage", "cpu"], 690, 108)).toEqual(["stage", "cpu"]);
    expect(fitting(["cpu"], 300, 48)).toEqual([]);
  });
});

describe("the last 24 hours", () => {
  const now = new Date("2026-11-22T14:30:00Z").getTime();
  const change = (at: string, from: string | null, to: string): StageChange => ({
    space: "a/b",
    at,
    from,
    to,
    message: null,
  });

  it("are what it is now when nothing changed", () => {
    expect(beatsOf([], "RUNNING", now)).toEqual(new Array(24).fill("running"));
  });

  it("tell the worst of each hour, and the current hour last", () => {
    const changes = [
      change("2026-11-22T12:10:00Z", "RUNNING", "RUNTIME_ERROR"),
      change("2026-11-22T12:20:00Z", "RUNTIME_ERROR", "RUNNING"),
      change("2026-11-22T13:59:00Z", "RUNNING", "SLEEPING"),
    ];
    expect(beatsOf(changes, "SLEEPING", now).slice(-4)).toEqual([
      "running",
      "failing",
      "sleeping",
      "sleeping",
    ]);
  });

  it("are not known before the Space was", () => {
    const beats = beatsOf([change("2026-11-22T13:10:00Z", null, "RUNNING")], "RUNNING", now);
    expect(beats.slice(-3)).toEqual([null, "running", "running"]);
  });
});

describe("a selection", () => {
  it("reaches from the last to the next with shift, and forgets what is hidden", () => {
    const selection = new SelectionState();
    selection.toggle("b");
    selection.extend("d", ["a", "b", "c", "d"]);
    expect(selection.ids).toEqual(["b", "c", "d"]);
    selection.keepOnly(new Set(["c"]));
    expect(selection.ids).toEqual(["c"]);
  });
});

describe("an action on many", () => {
  it("says what it leaves alone and what it costs", () => {
    const many = [
      space("a/runs", "RUNNING", "a10g-small"),
      space("a/rests", "PAUSED", null),
      { ...space("a/page"), sdk: "static" },
      { ...space("a/theirs"), write_access: "no" as const },
    ];
    const pause = planOf("pause", many, hardware);
    expect(pause.spaces.map((it) => it.id)).toEqual(["a/runs"]);
    expect(pause.skipped.map((it) => it.space.id)).toEqual(["a/rests", "a/page", "a/theirs"]);
    expect(pause.usdPerHour).toBe(1);
    expect(planOf("wake", many, hardware)).toMatchObject({ usdPerHour: 1 });
    expect(planOf("wake", many, hardware).spaces.map((it) => it.id)).toEqual(["a/rests"]);
  });
});
