import { describe, expect, it } from "vitest";
import { lastFrame, levelOf, plain, spans } from "./ansi";
import { cellsOf, LogLayout } from "./layout";
import { KEEP_LINES, LogStream } from "./log-stream.svelte";
import { LogRows } from "./rows";
import { LogMatches, patternOf, rangesOf, withMarks } from "./search";

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

describe("the rows of a log", () => {
  const filled = (texts: string[]) => {
    const log = new LogStream();
    log.add(texts.map((text) => ({ at: null, text })));
    log.flush();
    return log;
  };
  const texts = (rows: LogRows) => rows.rows.map(({ line }) => line.text);

  it("are those that name a level so bad", () => {
    const log = filled(["INFO: ready", "UserWarning: slow", "ValueError: bad"]);
    const shown = (level: "all" | "warnings" | "errors") => {
      const rows = new LogRows(log, level, Infinity);
      rows.catchUp();
      return texts(rows);
    };
    expect(shown("all")).toHaveLength(3);
    expect(shown("warnings")).toEqual(["UserWarning: slow", "ValueError: bad"]);
    expect(shown("errors")).toEqual(["ValueError: bad"]);
  });

  it("grow with the log and forget with it, and keep their keys", () => {
    const log = filled(Array.from({ length: KEEP_LINES }, (_, n) => `line ${n}`));
    const rows = new LogRows(log, "all", Infinity);
    rows.catchUp();
    log.add([{ at: null, text: "one more" }]);
    log.flush();
    rows.catchUp();
    expect(rows.rows).toHaveLength(KEEP_LINES);
    expect(rows.rows[0]?.key).toBe(1);
    expect(rows.rows.at(-1)).toMatchObject({ key: KEEP_LINES, line: { text: "one more" } });
    expect(rows.indexOf(KEEP_LINES)).toBe(KEEP_LINES - 1);
  });

  it("are searched as they come, and stepped through in a circle", () => {
    const log = filled(["out of memory", "fine", "Out of memory again"]);
    const rows = new LogRows(log, "all", Infinity);
    rows.catchUp();
    const pattern = patternOf({ text: "out of", regex: false, matchCase: false });
    const matches = new LogMatches(pattern as RegExp);
    matches.catchUp(rows);
    expect(matches.keys).toEqual([0, 2]);
    log.add([{ at: null, text: "out of disk" }]);
    log.flush();
    rows.catchUp();
    matches.catchUp(rows);
    expect(matches.keys).toEqual([0, 2, 3]);
    expect([matches.step(null, 1), matches.step(3, 1), matches.step(0, -1)]).toEqual([0, 0, 3]);
  });
});

describe("a search in a log", () => {
  it("takes text as it is, and an expression when asked", () => {
    const find = (text: string, regex: boolean, matchCase = false) => {
      const pattern = patternOf({ text, regex, matchCase });
      return pattern instanceof RegExp ? rangesOf("GET /a.b 200, get /axb 404", pattern) : pattern;
    };
    expect(find("a.b", false)).toEqual([[5, 8]]);
    expect(find("a.b", true)).toHaveLength(2);
    expect(find("get", false)).toHaveLength(2);
    expect(find("get", false, true)).toHaveLength(1);
    expect(find("(", true)).toBeInstanceOf(Error);
    expect(find("x*", true)).toEqual([[20, 21]]);
  });

  it("marks what is found across colours", () => {
    const parts = withMarks(
      [
        { text: "out ", style: "color:red" },
        { text: "of memory", style: "" },
      ],
      [[2, 6]],
    );
    expect(parts.map(({ text, hit }) => (hit ? `[${text}]` : text)).join("")).toBe(
      "ou[t ][of] memory",
    );
    expect(parts[1]?.style).toBe("color:red");
  });
});
