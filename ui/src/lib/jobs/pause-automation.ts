import { toast } from "svelte-sonner";
import { problemText } from "$lib/api/problem-text";
import * as m from "$lib/paraglide/messages";
import type { SettingsState } from "$lib/settings/settings.svelte";

/** Stops everything that is done by itself, or lets it go on. */
export async function pauseAutomation(settings: SettingsState, paused: boolean): Promise<void> {
  try {
    await settings.change({ pause_automation: paused });
    toast.success(paused ? m.automation_is_paused() : m.automation_goes_on());
  } catch (error) {
    toast.error(problemText(error));
  }
}
