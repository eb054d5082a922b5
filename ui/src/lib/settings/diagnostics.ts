import { unwrap, type Api } from "$lib/api/client";
import type { Account } from "$lib/api/types";

/**
 * What somebody who helps needs to know, as text that may be shown to anybody.
 *
 * No token, no name of an account or a Space, no path of this computer.
 */
export async function readDiagnostics(api: Api, about: Record<string, string>): Promise<string> {
  const [version, health, tasks, accounts] = await Promise.all([
    unwrap(api.GET("/api/v1/system/version")),
    unwrap(api.GET("/api/v1/system/health")),
    unwrap(api.GET("/api/v1/system/tasks")),
    unwrap(api.GET("/api/v1/accounts")),
  ]);
  const lines = [
    `HF Space Manager ${version.version}`,
    ...Object.entries(about).map(([name, value]) => `${name}: ${value}`),
    "",
    `healthy: ${health.ok ? "yes" : "no"}`,
    `store: ${health.store_trouble ? "trouble" : "fine"}`,
    `open streams: ${health.open_streams}`,
    `event readers: ${health.event_readers}`,
    "",
    ...accounts.map((account, index) => accountLine(account, index + 1)),
    "",
    ...tasks.map(
      (task) =>
        `task ${task.name}: ${task.running} running, ${task.begun} begun, ${task.panics} failed`,
    ),
  ];
  return lines.join("\n") + "\n";
}

function accountLine({ token, state, budget }: Account, number: number): string {
  const left = budget ? `${budget.remaining} of ${budget.quota} requests left` : "no budget yet";
  return `account ${number}: ${token.kind} token, ${state.status}, ${left}`;
}
