import type { KeepAliveNow } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";

const WHY: Record<KeepAliveNow["why"], () => string> = {
  sleep_timer: m.visit_why_sleep_timer,
  interval: m.visit_why_interval,
  asleep: m.visit_why_asleep,
  hours: m.visit_why_hours,
  retry: m.visit_why_retry,
  under_way: m.visit_why_under_way,
  not_kept: m.not_kept_awake,
  never_sleeps: m.visit_why_never_sleeps,
  stage: m.visit_why_stage,
  static: m.hardware_static,
};

/** Why a Space is visited then, or not at all. */
export const visitWhy = (state: KeepAliveNow): string => WHY[state.why]();
