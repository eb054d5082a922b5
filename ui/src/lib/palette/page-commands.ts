import type { SavedView } from "$lib/api/types";
import { LOCALE_NAMES, locale, type Locale } from "$lib/i18n/locale.svelte";
import type { ShortcutGroup } from "$lib/keys/keys.svelte";
import * as m from "$lib/paraglide/messages";
import type { Platform } from "$lib/platform/platform";
import { settingsTabs } from "$lib/settings/tabs";
import { theme, type ThemeChoice } from "$lib/theme/theme.svelte";
import { pathOfView } from "$lib/views/views.svelte";
import type { Command } from "./commands";

interface Surroundings {
  go: (path: string) => void;
  trusted: boolean;
  /** The saved views of the list. */
  views: readonly SavedView[];
  platform: Platform;
  /** What has a shortcut shows it. */
  shortcuts: readonly ShortcutGroup[];
}

/** Pages, settings, and what can be chosen without leaving the page. */
export function pageCommands({ go, trusted, views, platform, shortcuts }: Surroundings): Command[] {
  const keysOf = (label: string) =>
    shortcuts.flatMap((it) => it.shortcuts).find((it) => it.label() === label)?.keys;
  const page = (path: string, name: string, icon: Command["icon"] = "page"): Command => ({
    id: `page:${path}`,
    group: "pages",
    icon,
    name,
    keywords: path,
    keys: keysOf(m.go_to({ page: name })),
    run: () => go(path),
  });
  const themes: Record<ThemeChoice, () => string> = {
    system: m.theme_system,
    light: m.theme_light,
    dark: m.theme_dark,
  };
  const choices: Command[] = [
    ...Object.entries(themes).map(([choice, word]): Command => ({
      id: `theme:${choice}`,
      group: "pages",
      icon: "theme",
      name: m.choice_of({ what: m.theme(), choice: word() }),
      keywords: `theme ${choice}`,
      run: () => theme.choose(choice as ThemeChoice),
    })),
    ...Object.entries(LOCALE_NAMES).map(([choice, name]): Command => ({
      id: `language:${choice}`,
      group: "pages",
      icon: "language",
      name: m.choice_of({ what: m.language(), choice: name }),
      keywords: `language ${choice}`,
      run: () => locale.choose(choice as Locale),
    })),
  ];
  if (!trusted) return [page("/spaces", m.spaces()), ...choices];
  return [
    page("/spaces", m.spaces()),
    page("/logs", m.logs()),
    page("/schedules", m.nav_schedules()),
    page("/schedules/runs", m.runs()),
    page("/schedules/keep-alive", m.keep_awake()),
    page("/schedules/auto-heal", m.activity_heal()),
    page("/schedules/new", m.job_new()),
    page("/activity", m.nav_activity()),
    page("/settings", m.nav_settings()),
    page("/accounts/add", m.add_account()),
    ...views.map((view) => ({
      ...page(pathOfView(view), m.choice_of({ what: m.view(), choice: view.name })),
      id: `view:${view.id}`,
      keywords: "view",
    })),
    ...settingsTabs(platform.capabilities).map(({ tab, word }) => ({
      ...page(`/settings/${tab}`, word(), "setting" as const),
      hint: m.nav_settings(),
    })),
    ...choices,
  ];
}
