import { cpus, loadavg, release, type } from "node:os";
import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { ROW, type Row } from "./row";

/** Prints the table: what must be reached, what was measured, and the ratio of the two. */
export default class TableReporter implements Reporter {
  #missed = 0;

  onBegin(): void {
    const now = new Date().toISOString().slice(0, 16).replace("T", " ");
    const processor = cpus()[0]?.model.trim() ?? "unknown processor";
    console.log(`${processor}, ${cpus().length} cores, ${type()} ${release()}, ${now} UTC\n`);
    console.log("| work | must reach | measured | ratio | load | |");
    console.log("| --- | ---: | ---: | ---: | ---: | --- |");
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    for (const { type, description } of result.annotations) {
      if (type === ROW && description) this.#print(JSON.parse(description) as Row);
    }
    if (result.status === "passed" || result.status === "skipped") return;
    this.#missed += 1;
    const [reason = ""] = (result.error?.message ?? result.status).split("\n");
    console.log(`| ${test.title} | | could not be measured: ${reason} | | | |`);
  }

  onEnd(): Promise<{ status: FullResult["status"] }> {
    console.log("\nload: the machine's load average over one minute when the figure was taken");
    return Promise.resolve({ status: this.#missed === 0 ? "passed" : "failed" });
  }

  #print({ work, atMost, atLeast, measured, unit, note }: Row): void {
    const missed =
      (atMost !== undefined && !(measured <= atMost)) ||
      (atLeast !== undefined && !(measured >= atLeast));
    if (missed) this.#missed += 1;
    const bound =
      atMost !== undefined
        ? `≤ ${atMost} ${unit}`
        : atLeast !== undefined
          ? `≥ ${atLeast} ${unit}`
          : "";
    const ratio =
      atMost !== undefined && atMost !== 0
        ? (measured / atMost).toFixed(2)
        : atLeast !== undefined
          ? (atLeast / measured).toFixed(2)
          : "–";
    const load = (loadavg()[0] ?? NaN).toFixed(1);
    console.log(
      `| ${work} | ${missed ? "**missed** " : ""}${bound} | ${shown(measured)} ${unit} | ${ratio} | ${load} | ${note ?? ""} |`,
    );
  }
}

const shown = (value: number): string =>
  Number.isInteger(value)
    ? String(value)
    : value < 10
      ? value.toFixed(2)
      : value.toFixed(value < 1000 ? 1 : 0);
