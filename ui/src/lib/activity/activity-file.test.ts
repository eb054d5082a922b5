import { describe, expect, it } from "vitest";
import type { Activity } from "$lib/api/types";
import { toCsv, toJson } from "./activity-file";

const line = (part: Partial<Activity>): Activity => ({
  id: 1,
  at: "2026-11-27T00:00:00Z",
  actor: { type: "system" },
  kind: "restart",
  space: null,
  account: null,
  outcome: "done",
  message: null,
  request_id: null,
  ...part,
});

describe("activity as a file", () => {
  it("keeps every value in its own cell", () => {
    const csv = toCsv([line({ message: 'he said "no", and\nleft', space: "mira/a" })]);
    expect(csv.split("\r\n")).toEqual([
      '\ufeff"time","actor","actor_name","kind","space","account","outcome","message","request_id"',
      '"2026-11-27T00:00:00Z","system","","restart","mira/a","","done","he said ""no"", and\nleft",""',
      "",
    ]);
  });

  it.each([
    '=HYPERLINK("http://evil")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1",
    "  =1+1",
    "＝1+1",
    "|calc",
  ])("makes text of what could be a formula: %j", (message) => {
    const csv = toCsv([line({ message, actor: { type: "person", name: message } })]);
    const cells = csv.split('\r\n"2026')[1] ?? "";
    expect(cells.split(`"'${message.replaceAll('"', '""')}"`)).toHaveLength(3);
  });

  it("gives JSON as the API does", () => {
    const lines = [line({ message: "=1+1" })];
    expect(JSON.parse(toJson(lines))).toEqual(lines);
  });
});
