import { describe, expect, it } from "vitest";
import type { Account, HardwareOption, Space } from "$lib/api/types";
import {
  acceleratorOf,
  hourlyCost,
  inOrder,
  ownerIn,
  SLEEP_TIMES,
  sleepCanBeSet,
  sleepTimesWith,
  wantedFlavor,
} from "./hardware";

const option = (flavor: string, usd: number, quantity?: string): HardwareOption => ({
  flavor,
  pretty_name: flavor,
  cpu: "4 vCPU",
  ram: "15 GB",
  usd_per_hour: usd,
  accelerator: quantity
    ? { kind: "gpu", model: "T4", quantity, vram: "16 GB", manufacturer: "Nvidia" }
    : null,
});
const space = (runtime: Partial<NonNullable<Space["runtime"]>>): Space =>
  ({ id: "Acme/demo", runtime: { stage: "RUNNING", ...runtime } }) as Space;
const account = (part: Partial<Account>): Account =>
  ({ id: "mira", organisations: [], ...part }) as Account;

describe("hardware", () => {
  it("is offered with the plain processors first, the cheapest of each first", () => {
    const options = [option("l4", 0.8, "1"), option("up", 0.03), option("t4", 0.4, "1")];
    expect(inOrder([...options, option("basic", 0)]).map((it) => it.flavor)).toEqual([
      "basic",
      "up",
      "t4",
      "l4",
    ]);
  });

  it("says how many accelerators it has, where it is not one", () => {
    expect(acceleratorOf(option("basic", 0))).toBeNull();
    expect(acceleratorOf(option("t4", 0.4, "1"))).toBe("T4, 16 GB");
    expect(acceleratorOf(option("t4x4", 1.6, "4"))).toBe("4 × T4, 16 GB");
  });

  it("costs its price for each replica that was asked for", () => {
    const t4 = option("t4", 0.4, "1");
    expect(hourlyCost(space({}), t4)).toBeCloseTo(0.4);
    const on = (current: number | null, requested: string) =>
      hourlyCost(space({ replicas: { current, requested } }), t4);
    expect(on(1, "3")).toBeCloseTo(1.2);
    expect(on(null, "0")).toBeCloseTo(0.4);
    expect(on(2, "auto")).toBeCloseTo(0.8);
    expect(on(null, "auto")).toBeCloseTo(0.4);
  });

  it("is what was asked for last", () => {
    const hardware = { current: "cpu-basic", requested: "t4-small" };
    expect(wantedFlavor(space({ hardware }))).toBe("t4-small");
    expect(wantedFlavor(space({ hardware: { ...hardware, requested: null } }))).toBe("cpu-basic");
    expect(wantedFlavor({ ...space({}), runtime: null })).toBeNull();
  });
});

describe("a sleep time", () => {
  it("can be chosen on billed hardware only", () => {
    expect(sleepCanBeSet(option("basic", 0))).toBe(false);
    expect(sleepCanBeSet(option("t4", 0.4, "1"))).toBe(true);
    expect(sleepCanBeSet(undefined)).toBe(false);
  });

  it("that is none of those on offer stands among them", () => {
    expect(sleepTimesWith(3_600)).toEqual(SLEEP_TIMES);
    expect(sleepTimesWith(null)).toEqual(SLEEP_TIMES);
    expect(sleepTimesWith(600).slice(0, 3)).toEqual([300, 600, 900]);
    expect(sleepTimesWith(31_536_000).at(-1)).toBe(31_536_000);
  });
});

describe("whoever owns a Space", () => {
  it("is found among the users, then among their organisations, in any case", () => {
    const pro = account({ username: "acme", is_pro: true, can_pay: false });
    expect(ownerIn([pro], space({}))).toEqual({ name: "Acme", plan: true, canPay: false });
    const free = account({ organisations: [{ name: "acme", plan: null }] });
    expect(ownerIn([free], space({}))).toMatchObject({ plan: false, canPay: null });
    const team = account({ organisations: [{ name: "acme", plan: "team" }] });
    expect(ownerIn([team], space({}))).toMatchObject({ plan: true });
  });

  it("is not judged where nothing is known", () => {
    expect(ownerIn([], space({}))).toEqual({ name: "Acme", plan: null, canPay: null });
    expect(ownerIn([account({ username: "acme" })], space({}))).toMatchObject({ plan: null });
  });
});
