import { describe, expect, it } from "vitest";
import { lastFrame, levelOf, plain, spans } from "./ansi";
import { cellsOf, LogLayout } from "./layout";
import { KEEP_LINES, LogStream } from "./log-stream.svelte";

const ESC = "\u001b";

describe("ANSI colours", () => {
  it("cut a line into spans", () => {
    const parts = spans(`${ESC}[32mINFO${ESC}[0m: ready`);
    expect(parts.map((part) => part.text)).toEqual(["INFO", ": ready"]);
    expect(parts[0]?.style).toContain("color:");
    expect(parts[1]?.style).toBe("");
  });

  it("leave markup as the text that it is", () => {
    const text = `<img src=x onerror=alert(1)> & ${ESC}[1m<b>`;
    expect(
      spans(text)
        .map((part) => part.text)
        .join(""),
    ).toBe("<img src=x onerror=alert(1)> & <b>");
  });

  it("do not let a cursor movement or a title through", () => {
    expect(plain(`${ESC}[2K${ESC}[1A${ESC}]0;title\u0007done`)).toBe("done");
  });

  it("show what a progress bar drew last", () => {
    expect(lastFrame(" 3%|▎\r 50%|█████\r100%|██████████|")).toBe("100%|██████████|");
    expect(lastFrame("done\r")).toBe("done");
  });

  it("are joined by the level that a plain line names", () => {
    expect(levelOf("ERROR    worker 3 was killed")).toBe("error");
    expect(levelOf("ValueError: bad shape")).toBe("error");
    expect(levelOf("UserWarning: fp16 overflow")).toBe("warning");
    expect(levelOf("INFO: errors are counted")).toBeNull();
  });
});

describe("the layout of a log", () => {
  it("gives each line one row when lines do not wrap", () => {
    const layout = new LogLayout(Infinity);
    for (const line of ["a", "b".repeat(1000), ""]) layout.append(line);
    expect(layout.rows).toBe(3);
    expect(layout.lineAt(2)).toBe(2);
  });

  it("gives a long line as many rows as it needs", () => {
    const layout = new LogLayout(10);
    for (const line of ["", "x".repeat(25), "y".repeat(10)]) layout.append(line);
    expect([0, 1, 2].map((line) => layout.rowOf(line))).toEqual([0, 1, 4]);
    expect(layout.rows).toBe(5);
    expect([0, 1, 2, 3, 4].map((row) => layout.lineAt(row))).toEqual([0, 1, 1, 1, 2]);
  });

  it("counts two cells for a wide character and up to eight for a tab", () => {
    expect(cellsOf("中文")).toBe(4);
    expect(cellsOf("✅ ok")).toBe(5);
    expect(cellsOf("ab\tc")).toBe(9);
  });

  it("keeps its rows in order when the first lines are forgotten", () => {
    const layout = new LogLayout(10);
    for (const line of ["x".repeat(25), "y", "z".repeat(11)]) layout.append(line);
    layout.drop(1);
    expect(layout.rows).toBe(3);
    expect(layout.rowOf(1)).toBe(1);
  });
});

describe("a log that is followed", () => {
  const line = (text: string) => ({ at: null, text });

  it("forgets its oldest lines when there are too many", () => {
    const log = new LogStream();
    log.add(Array.from({ length: KEEP_LINES + 10 }, (_, index) => line(`line ${index}`)));
    log.flush();
    expect(log.lines).toHaveLength(KEEP_LINES);
    expect(log.dropped).toBe(10);
    expect(log.lines[0]?.text).toBe("line 10");
  });

  it("forgets what waits to be shown when it begins anew", () => {
    const log = new LogStream();
    log.add([line("old")]);
    log.clear();
    log.add([line("new")]);
    log.flush();
    expect(log.lines.map((it) => it.text)).toEqual(["new"]);
  });
});
