import type { HardwareOption, Space } from "$lib/api/types";
import { dollars } from "$lib/format/number";
import * as m from "$lib/paraglide/messages";
import type { AskedAction } from "$lib/spaces/operations.svelte";
import {
  isBilling,
  isStatic,
  logsOf,
  nameOf,
  ownerOf,
  pageOf,
  priceOf,
  scheduleOf,
  settingsOf,
  titleOf,
} from "$lib/spaces/space";
import { stageGroup, stageWord } from "$lib/spaces/stage";
import type { Candidate } from "./ranker";

export type CommandIcon =
  | "space"
  | "restart"
  | "rebuild"
  | "pause"
  | "logs"
  | "job"
  | "app"
  | "page"
  | "setting"
  | "theme"
  | "language"
  | "keys";

/** Something that the palette can do. */
export interface Command extends Candidate {
  id: string;
  group: "actions" | "spaces" | "pages";
  icon: CommandIcon;
  /** Beside the name: where it is, what it costs. */
  hint?: string;
  /** The picture of a Space. */
  emoji?: string | null;
  /** The shortcut that does the same. */
  keys?: string;
  run: () => void;
}

export interface Does {
  go: (path: string) => void;
  open: (url: string) => void;
  ask: (action: AskedAction, space: Space) => void;
}

/** The pages of the Spaces. */
export const spaceCommands = (spaces: readonly Space[], { go }: Does): Command[] =>
  spaces.map((space) => ({
    id: `space:${space.id}`,
    group: "spaces",
    icon: "space",
    name: titleOf(space),
    keywords: `${space.id} ${space.sdk ?? ""}`,
    hint: `${ownerOf(space.id)} · ${stageWord(space.stage)}`,
    emoji: space.emoji,
    run: () => go(pageOf(space.id)),
  }));

/** What can be done to the Spaces. All that changes something asks first. */
export function actionCommands(
  spaces: readonly Space[],
  hardware: ReadonlyMap<string, HardwareOption>,
  does: Does,
): Command[] {
  const words = { restart: m.restart, rebuild: m.rebuild, pause: m.pause };
  return spaces.flatMap((space) => {
    const name = titleOf(space);
    const where = `${ownerOf(space.id)} · ${stageWord(space.stage)}`;
    const price = priceOf(space, hardware);
    const bills =
      price && price.usdPerHour > 0 ? m.palette_bills({ price: dollars(price.usdPerHour) }) : null;
    const act = (action: AskedAction): Command => ({
      id: `${action}:${space.id}`,
      group: "actions",
      icon: action,
      verb: words[action](),
      name,
      keywords: `${space.id} ${nameOf(space.id)} ${action}`,
      hint: [
        where,
        action === "pause" && !isBilling(space, hardware) ? null : bills,
        m.palette_asks(),
      ]
        .filter(Boolean)
        .join(" · "),
      run: () => does.ask(action, space),
    });
    const mayAct = !isStatic(space) && space.write_access !== "no";
    const actions: AskedAction[] = !mayAct
      ? []
      : stageGroup(space.stage) === "paused"
        ? ["restart", "rebuild"]
        : ["restart", "rebuild", "pause"];
    const commands = actions.map(act);
    const more = { group: "actions", name, keywords: space.id, hint: where } as const;
    if (!isStatic(space)) {
      commands.push({
        ...more,
        id: `schedule:${space.id}`,
        icon: "job",
        verb: m.schedule(),
        run: () => does.go(scheduleOf([space])),
      });
      commands.push({
        ...more,
        id: `logs:${space.id}`,
        icon: "logs",
        verb: m.logs(),
        run: () => does.go(logsOf(space.id)),
      });
      commands.push(
        {
          ...more,
          id: `hardware:${space.id}`,
          icon: "setting",
          verb: m.hardware_and_sleep(),
          run: () => does.go(settingsOf(space.id)),
        },
        {
          ...more,
          id: `dev-mode:${space.id}`,
          icon: "setting",
          verb: m.dev_mode(),
          run: () => does.go(`${settingsOf(space.id)}#dev-mode`),
        },
      );
    }
    const { app_url } = space;
    if (app_url) {
      commands.push({
        ...more,
        id: `app:${space.id}`,
        icon: "app",
        verb: m.open_app(),
        run: () => does.open(app_url),
      });
    }
    return commands;
  });
}
