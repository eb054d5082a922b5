import type { Account } from "$lib/api/types";

export type RateBudget = NonNullable<Account["budget"]>;

/** What is used of a budget; nothing once its five minutes are over. */
export function usedOf(budget: RateBudget, now: number): number {
  const over = new Date(budget.resets_at).getTime() <= now;
  return over ? 0 : Math.max(0, budget.quota - budget.remaining);
}

/** The colour of a meter that shows how much of `quota` is used. */
export function budgetColor(used: number, quota: number): string {
  return used < quota * 0.8 ? "bg-run" : used < quota * 0.95 ? "bg-pause" : "bg-fail";
}
