import type { Account, HardwareOption, Space } from "$lib/api/types";
import { flavorOf, ownerOf } from "$lib/spaces/space";

/** The flavor that a Space will run on: what was asked for last. */
export const wantedFlavor = (space: Space): string | null =>
  space.runtime?.hardware?.requested ?? flavorOf(space);

/** Plain processors first, then by price, as a person looks for them. */
export const inOrder = (options: Iterable<HardwareOption>): HardwareOption[] =>
  [...options].sort(
    (a, b) =>
      Number(a.accelerator != null) - Number(b.accelerator != null) ||
      a.usd_per_hour - b.usd_per_hour,
  );

/** `2 × A10G, 24 GB`, in the Hub's words; `null` for plain processors. */
export function acceleratorOf({ accelerator }: HardwareOption): string | null {
  if (!accelerator) return null;
  const { model, quantity, vram } = accelerator;
  return `${quantity === "1" ? "" : `${quantity} × `}${model}, ${vram}`;
}

/** How many replicas are billed: those asked for, or those that run where their number is automatic. */
export function replicasOf({ runtime }: Space): number {
  const { requested, current } = runtime?.replicas ?? {};
  const asked = Number(requested ?? NaN);
  return Math.max(1, Number.isNaN(asked) ? (current ?? 1) : asked);
}

/** What a Space costs in an hour on a flavor. */
export const hourlyCost = (space: Space, { usd_per_hour }: HardwareOption): number =>
  usd_per_hour * replicasOf(space);

/** Whether the Hub lets the sleep time be chosen: it does on hardware that is billed. */
export const sleepCanBeSet = (option: HardwareOption | undefined): boolean =>
  (option?.usd_per_hour ?? 0) > 0;

const HOUR = 3_600;

/** The sleep times that are offered, in seconds. */
export const SLEEP_TIMES: readonly number[] = [
  300,
  900,
  HOUR / 2,
  HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  48 * HOUR,
  72 * HOUR,
  7 * 24 * HOUR,
];

/** Those, with the one that is set where it is another. */
export const sleepTimesWith = (current: number | null): number[] =>
  [...new Set(current === null ? SLEEP_TIMES : [...SLEEP_TIMES, current])].sort((a, b) => a - b);

/** What is known here of whoever owns a Space and pays for it. */
export interface Owner {
  name: string;
  /** Whether PRO, Team or Enterprise is paid for; `null` where nothing here says so. */
  plan: boolean | null;
  /** Whether a way of payment is on file; `null` where nothing here says so. */
  canPay: boolean | null;
}

export function ownerIn(accounts: readonly Account[], space: Space): Owner {
  const name = ownerOf(space.id);
  const same = (other: string) => other.toLowerCase() === name.toLowerCase();
  const user = accounts.find((it) => same(it.username ?? it.id));
  if (user) return { name, plan: user.is_pro ?? null, canPay: user.can_pay ?? null };
  const organisation = accounts.flatMap((it) => it.organisations).find((it) => same(it.name));
  return { name, plan: organisation ? organisation.plan != null : null, canPay: null };
}
