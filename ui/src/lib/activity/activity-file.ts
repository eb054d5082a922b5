import type { Activity } from "$lib/api/types";

const COLUMNS: readonly [string, (activity: Activity) => string | null | undefined][] = [
  ["time", ({ at }) => at],
  ["actor", ({ actor }) => actor.type],
  ["actor_name", ({ actor }) => ("name" in actor ? actor.name : "")],
  ["kind", ({ kind }) => kind],
  ["space", ({ space }) => space],
  ["account", ({ account }) => account],
  ["outcome", ({ outcome }) => outcome],
  ["message", ({ message }) => message],
  ["request_id", ({ request_id }) => request_id],
];

/** Tells a table program that the text is UTF-8. */
const MARK = "\ufeff";

/** As a table, for programs that open such files: one line each, the newest first. */
export function toCsv(activities: readonly Activity[]): string {
  const rows = activities.map((activity) => COLUMNS.map(([, pick]) => pick(activity) ?? ""));
  const head = COLUMNS.map(([name]) => name);
  return MARK + [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** As the API gives them. */
export const toJson = (activities: readonly Activity[]): string =>
  `${JSON.stringify(activities, null, 2)}\n`;

/**
 * One value of a table.
 *
 * Whoever names a Space or writes an error message must not be able to write a formula that a table
 * program would run: what could begin one is made text by an apostrophe.
 */
function cell(value: string): string {
  const text = /^\s*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
