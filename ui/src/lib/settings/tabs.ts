import type { Capabilities } from "$lib/platform/platform";
import * as m from "$lib/paraglide/messages";

export type SettingsTab =
  | "accounts"
  | "remote"
  | "notifications"
  | "appearance"
  | "desktop"
  | "tokens"
  | "sign-in"
  | "data"
  | "about";

interface Entry {
  tab: SettingsTab;
  word: () => string;
  /** What it needs of the surroundings; none is always there. */
  needs?: keyof Capabilities;
}

const TABS: readonly Entry[] = [
  { tab: "accounts", word: m.nav_accounts },
  { tab: "remote", word: m.settings_remote, needs: "remoteAccess" },
  { tab: "notifications", word: m.notifications },
  { tab: "appearance", word: m.theme },
  { tab: "desktop", word: m.settings_desktop, needs: "background" },
  { tab: "tokens", word: m.settings_tokens, needs: "tokenStore" },
  { tab: "sign-in", word: m.sign_in_tab, needs: "signIn" },
  { tab: "data", word: m.settings_data },
  { tab: "about", word: m.settings_about },
];

/** The tabs that make sense here, in their order. */
export const settingsTabs = (capabilities: Capabilities): Entry[] =>
  TABS.filter(({ needs }) => needs === undefined || capabilities[needs]);
