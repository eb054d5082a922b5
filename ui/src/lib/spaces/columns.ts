import * as m from "$lib/paraglide/messages";

/** The columns between the name and the actions. */
export const COLUMNS = [
  "stage",
  "hardware",
  "cpu",
  "memory",
  "history",
  "next",
  "network",
] as const;
export type Column = (typeof COLUMNS)[number];

export const columnWord: Record<Column, () => string> = {
  stage: m.column_stage,
  hardware: m.column_hardware,
  cpu: m.cpu,
  memory: m.memory,
  history: m.column_history,
  next: m.column_next,
  network: m.network,
};

const WIDTH: Record<Column, number> = {
  stage: 156,
  hardware: 138,
  cpu: 136,
  memory: 118,
  history: 132,
  next: 124,
  network: 106,
};

/** What gives way last when there is little room. */
const WORTH: readonly Column[] = [
  "stage",
  "cpu",
  "memory",
  "history",
  "hardware",
  "next",
  "network",
];

const NAME_LEAST = 226;
const SELECT = 36;

/** Those of `chosen` that fit into `width`, in their order, beside a name of a bearable width. */
export function fitting(chosen: readonly Column[], width: number, actions: number): Column[] {
  let left = width - NAME_LEAST - SELECT - actions;
  const fits = new Set<Column>();
  for (const column of WORTH) {
    if (!chosen.includes(column)) continue;
    if (WIDTH[column] > left) break;
    left -= WIDTH[column];
    fits.add(column);
  }
  return chosen.filter((column) => fits.has(column));
}

/** The grid of a row, for its heading and its cells alike. */
export const gridOf = (columns: readonly Column[], actions: number): string =>
  `${SELECT}px minmax(0,1fr) ${columns.map((it) => `${WIDTH[it]}px`).join(" ")} ${actions}px`;
