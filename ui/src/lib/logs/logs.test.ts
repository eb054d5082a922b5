import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { coloursOf, GROUND, lastFrame, levelOf, plain, spans } from "./ansi";
import { contrast, ENOUGH, type Rgb } from "./contrast";
import { cellsOf, LogLayout } from "./layout";
import { lineOf, lookOf, MOST_SHOWN, shownOf } from "./line";
import { LogSearch, type Searcher } from "./log-search.svelte";
import { FORGET_LINES, KEEP_LINES, LogStream } from "./log-stream.svelte";
import { Places } from "./places";
import { LogRows } from "./rows";
import { Scanner, type ScanAnswer, type ScanRequest } from "./scanner";
import { patternOf, rangesOf, withMarks } from "./search";

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
    expect(lastFrame("\r\r")).toBe("");
    expect(lastFrame("half\rdone\r\r")).toBe("done");
  });

  it("show control characters and turns of direction as what they are", () => {
    expect(plain("a\u0000b\u0007c\u0008d\u007f")).toBe("a\u2400b\u2407c\u2408d\u2421");
    expect(plain("user\u202egnp.exe\u2066")).toBe("user\ufffdgnp.exe\ufffd");
    expect(plain("a\tb")).toBe("a\tb");
    expect(plain(`cut off ${ESC}`)).toBe("cut off \u241b");
  });

  it("say the same with their codes as without", () => {
    const pieces = [
      "plain ",
      `${ESC}[31m`,
      `${ESC}[0m`,
      "中文✅",
      "\u0007",
      `${ESC}[2K`,
      `${ESC}[3`,
    ];
    pieces.push("\r", "<b>", `${ESC}]0;title\u0007`, `${ESC}[38;5;200m`, "\ud83d", `${ESC}[999m`);
    for (let seed = 0; seed < 500; seed++) {
      const text = Array.from(
        { length: 8 },
        (_, place) => pieces[(seed * 7 + place * place * (seed % 11) + place) % pieces.length],
      ).join("");
      expect(
        spans(text)
          .map((part) => part.text)
          .join(""),
        JSON.stringify(text),
      ).toBe(plain(text));
    }
  });

  it("can be read on their ground, whichever they are", () => {
    const levels = [0, 60, 120, 187, 255];
    const colours = levels.flatMap((r) =>
      levels.flatMap((g) => levels.map((b) => `${r}, ${g}, ${b}`)),
    );
    const worst = { contrast: 21, of: "" };
    const see = (ink: Rgb | null, ground: Rgb | null, of: string) => {
      const found = contrast(ink ?? [231, 229, 228], ground ?? GROUND);
      if (found < worst.contrast) Object.assign(worst, { contrast: found, of });
    };
    for (const fg of colours) {
      for (const how of [[], ["dim"], ["reverse"], ["dim", "reverse"]]) {
        const { ink, ground } = coloursOf(fg, null, how);
        see(ink, ground, `${fg} ${how.join()}`);
      }
    }
    for (const bg of colours) {
      for (const fg of [null, "0, 0, 0", "187, 0, 0", "255, 255, 255"]) {
        const { ink, ground } = coloursOf(fg, bg, []);
        see(ink, ground, `${fg} on ${bg}`);
      }
    }
    expect(worst.contrast, worst.of).toBeGreaterThanOrEqual(ENOUGH);
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
    for (const line of ["x".repeat(25), "y", "z".repeat(11), "!"]) layout.append(line);
    layout.drop(1);
    expect(layout.rows).toBe(4);
    expect([0, 1, 2].map((line) => layout.rowOf(line))).toEqual([0, 1, 3]);
    expect([0, 1, 2, 3].map((row) => layout.lineAt(row))).toEqual([0, 1, 1, 2]);
    layout.drop(2);
    layout.append("w".repeat(12));
    expect(layout.rows).toBe(3);
    expect(layout.lineAt(1)).toBe(1);
    expect(layout.lost).toBe(6);
  });
});

describe("a log that is followed", () => {
  const line = (text: string) => ({ at: null, text });
  const at = (second: number, text: string) => ({ at: `2026-11-22T14:00:${second}Z`, text });
  const texts = (log: LogStream) => log.lines.map((it) => it.text);

  it("forgets its oldest lines when there are too many, a lot at a time", () => {
    const log = new LogStream();
    log.add(Array.from({ length: KEEP_LINES + FORGET_LINES - 1 }, (_, n) => line(`line ${n}`)));
    log.flush();
    expect(log.dropped).toBe(0);
    log.add([line("one more")]);
    log.flush();
    expect(log.lines).toHaveLength(KEEP_LINES);
    expect(log.dropped).toBe(FORGET_LINES);
    expect(log.lines[0]).toMatchObject({ key: FORGET_LINES, text: `line ${FORGET_LINES}` });
  });

  it("keeps no more than so many characters, however long its lines are", () => {
    const log = new LogStream();
    for (let n = 0; n < 70; n++) {
      log.add([line("x".repeat(1_000_000))]);
      log.flush();
    }
    expect(log.lines).toHaveLength(60);
    expect(log.dropped).toBe(10);
  });

  it("forgets what waits to be shown when it begins anew", () => {
    const log = new LogStream();
    log.add([line("old")]);
    log.clear();
    log.add([line("new")]);
    log.flush();
    expect(texts(log)).toEqual(["new"]);
  });

  it("puts the lines of several Spaces in the order of their times", () => {
    const log = new LogStream();
    log.take({ type: "lines", space: "a/one", data: [at(10, "1"), at(30, "4"), line("5")] });
    log.flush();
    log.take({ type: "lines", space: "b/two", data: [at(20, "2"), line("3"), at(40, "6")] });
    log.flush();
    expect(texts(log)).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(log.lines.map((it) => it.space)).toEqual([
      "a/one",
      "b/two",
      "b/two",
      "a/one",
      "a/one",
      "b/two",
    ]);
    const keys = log.lines.map((it) => it.key);
    expect(keys).toEqual(keys.map((_, n) => log.dropped + n));
  });

  it("forgets only the Space that begins anew, and knows which ones wait", () => {
    const log = new LogStream();
    log.take({ type: "lines", space: "a/one", data: [at(10, "1")] });
    log.take({ type: "lines", space: "b/two", data: [at(11, "2")] });
    log.flush();
    log.take({ type: "waiting", space: "b/two", data: { reason: "it sleeps" } });
    log.take({ type: "reset", space: "a/one" });
    expect(texts(log)).toEqual(["2"]);
    expect([...log.waitingFor]).toEqual([["b/two", "it sleeps"]]);
    log.take({ type: "connected", space: "b/two" });
    expect(log.waitingFor.size).toBe(0);
  });

  it("puts changes of a stage where they belong, once, and none from before its lines", () => {
    const log = new LogStream();
    const change = (second: number, to: string, from: string | null = "RUNNING") => ({
      ...at(second, ""),
      at: at(second, "").at ?? "",
      space: "a/one",
      from,
      to,
    });
    log.mark([change(30, "BUILDING")], true);
    log.take({ type: "lines", space: "a/one", data: [at(20, "1"), at(40, "2")] });
    log.flush();
    expect(texts(log)).toEqual(["1", "2"]);
    const changes = [change(10, "PAUSED"), change(30, "BUILDING"), change(35, "RUNNING", null)];
    log.mark(changes, true);
    log.mark(changes, true);
    log.flush();
    expect(texts(log)).toEqual(["1", "Building", "2"]);
    expect(log.lines.map((it) => it.stage)).toEqual([null, "BUILDING", null]);
    const errors = new LogRows(log, "errors");
    errors.catchUp();
    expect(errors.rows.map((it) => it.plain)).toEqual(["Building"]);
    log.take({ type: "reset", space: "a/one" });
    expect(texts(log)).toEqual(["Building"]);
  });

  it("shows and searches only the beginning of a line of a megabyte", () => {
    const one = { time: 0, space: null, stage: null };
    const long = lineOf(0, { at: null, text: `\u001b[31m${"x".repeat(1_000_000)}` }, one);
    expect(shownOf(long)).toHaveLength(MOST_SHOWN + 1);
    expect(
      lookOf(long)
        .parts.map((it) => it.text)
        .join(""),
    ).toBe(shownOf(long));
    expect(long.plain).toHaveLength(1_000_000);
    const colourful = lineOf(1, { at: null, text: "\u001b[32mx\u001b[0m".repeat(5_000) }, one);
    const parts = lookOf(colourful).parts;
    expect(parts.length).toBeLessThan(500);
    expect(parts.map((it) => it.text).join("")).toBe("x".repeat(5_000));
  });
});

describe("the rows of a log", () => {
  const filled = (texts: string[]) => {
    const log = new LogStream();
    log.add(texts.map((text) => ({ at: null, text })));
    log.flush();
    return log;
  };
  const texts = (rows: LogRows) => rows.rows.map((line) => line.text);

  it("are those that name a level so bad", () => {
    const log = filled(["INFO: ready", "UserWarning: slow", "ValueError: bad"]);
    const shown = (level: "all" | "warnings" | "errors") => {
      const rows = new LogRows(log, level);
      rows.catchUp();
      return texts(rows);
    };
    expect(shown("all")).toHaveLength(3);
    expect(shown("warnings")).toEqual(["UserWarning: slow", "ValueError: bad"]);
    expect(shown("errors")).toEqual(["ValueError: bad"]);
  });

  it("grow with the log and forget with it, and keep their keys", () => {
    for (const level of ["all", "errors"] as const) {
      const most = KEEP_LINES + FORGET_LINES - 1;
      const log = filled(Array.from({ length: most }, (_, n) => `ERROR ${n}`));
      const rows = new LogRows(log, level);
      rows.catchUp();
      log.add([{ at: null, text: "ERROR one more" }]);
      log.flush();
      rows.catchUp();
      expect(rows.rows).toHaveLength(KEEP_LINES);
      expect(rows.gone).toBe(FORGET_LINES);
      expect(rows.rows[0]?.key).toBe(FORGET_LINES);
      expect(rows.rows.at(-1)).toMatchObject({ key: most, text: "ERROR one more" });
      expect(rows.indexOf(most)).toBe(KEEP_LINES - 1);
    }
  });

  it("are laid out as they come and go", () => {
    const log = filled(["x".repeat(25), "y"]);
    const rows = new LogRows(log, "all");
    const layout = new LogLayout(10);
    layout.catchUp(rows);
    expect([layout.length, layout.rows]).toEqual([2, 4]);
    log.clear();
    log.add([{ at: null, text: "z".repeat(11) }]);
    log.flush();
    rows.catchUp();
    layout.catchUp(rows);
    expect([layout.length, layout.rows, layout.lost]).toEqual([1, 2, 4]);
  });
});

describe("the places of lines on screen", () => {
  const lines = ["a", "b", "c", "d", "e"].map((text, key) =>
    lineOf(key, { at: null, text }, { time: 0, space: null, stage: null }),
  );
  const one = () => 1;

  it("stay the same for a line that stays, and pass to those that come", () => {
    const places = new Places();
    const before = places.of(lines.slice(0, 3), one);
    const after = places.of(lines.slice(2, 5), one);
    expect(after[0]).toBe(before[2]);
    expect(after.map((it) => it.line)).toEqual(lines.slice(2, 5));
    expect(new Set(after.map((it) => it.slot))).toEqual(new Set([0, 1, 2]));
  });

  it("change with the rows of a line, and with the line of a key", () => {
    const places = new Places();
    const [before] = places.of(lines.slice(0, 1), one);
    const [wrapped] = places.of(lines.slice(0, 1), () => 2);
    expect(wrapped).toEqual({ ...before, rows: 2 });
    const other = lines.slice(0, 1).map((line) => ({ ...line, plain: "of another log" }));
    expect(places.of(other, () => 2)[0]).toEqual({ ...wrapped, line: other[0] });
  });
});

/** A searcher on this thread: it works when it is told to. */
class FakeSearcher implements Searcher {
  onerror: Searcher["onerror"] = null;
  onmessage: Searcher["onmessage"] = null;
  ended = false;
  readonly #scanner = new Scanner();
  #asked: ScanRequest[] = [];

  postMessage(request: ScanRequest): void {
    this.#asked.push(structuredClone(request));
  }

  terminate(): void {
    this.ended = true;
  }

  wake(): void {
    this.#say({ type: "ready", search: 0 });
  }

  #say(data: ScanAnswer): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  work(): void {
    const answers: (ScanAnswer | null)[] = this.#asked.map((it) => this.#scanner.take(it));
    this.#asked = [];
    answers.push(this.#scanner.scan(1000));
    for (const data of answers) if (data) this.#say(data);
  }
}

describe("the search of a log", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const world = (texts: string[]) => {
    const log = new LogStream();
    const spawned: FakeSearcher[] = [];
    const search = new LogSearch(() => {
      const searcher = new FakeSearcher();
      spawned.push(searcher);
      return searcher;
    });
    const rows = new LogRows(log, "all");
    const print = (...lines: string[]) => {
      log.add(lines.map((text) => ({ at: null, text })));
      log.flush();
      rows.catchUp();
      search.feed(rows);
    };
    print(...texts);
    return { log, rows, search, spawned, print, work: () => spawned.at(-1)?.work() };
  };
  const wish = (text: string, regex = false) => ({ text, regex, matchCase: false });

  it("finds lines as they come, and steps through them in a circle", () => {
    const { search, print, work } = world(["out of memory", "fine", "Out of memory again"]);
    search.look(wish("out of"));
    expect(search.status).toBe("searching");
    work();
    expect([search.status, search.count]).toEqual(["done", 2]);
    print("out of disk");
    work();
    expect(search.count).toBe(3);
    expect([search.step(null, 1), search.step(3, 1), search.step(0, -1)]).toEqual([0, 0, 3]);
    expect([search.step(0, 1), search.step(1, -1), search.step(null, -1)]).toEqual([2, 0, 3]);
    expect([search.placeOf(2), search.placeOf(1)]).toEqual([2, 0]);
  });

  it("gets ready before it is asked, and waits for as long as it is not", () => {
    const { search, spawned, print, work } = world(["out of memory"]);
    search.prepare();
    spawned[0]?.wake();
    vi.advanceTimersByTime(60_000);
    print("out of disk");
    search.prepare();
    search.look(wish("out of"));
    work();
    expect([search.status, search.count, spawned.length]).toEqual(["done", 2, 1]);
  });

  it("does not find where an expression matches nothing", () => {
    const { search, work } = world(["aab", "b"]);
    search.look(wish("a*", true));
    work();
    expect(search.count).toBe(1);
  });

  it("forgets the matches that the log forgets", () => {
    const { log, search, print, work } = world(["needle", "hay"]);
    search.look(wish("needle"));
    work();
    log.clear();
    print("another needle", "hay");
    work();
    expect(search.count).toBe(1);
    expect(search.step(null, 1)).toBe(2);
  });

  it("begins anew with other rows, and hears no answer to what was asked before", () => {
    const { log, search, work, spawned } = world(["ERROR needle", "needle"]);
    search.look(wish("needle"));
    const errors = new LogRows(log, "errors");
    errors.catchUp();
    search.feed(errors);
    work();
    expect([search.status, search.count]).toEqual(["done", 1]);
    search.look(wish(""));
    expect([search.status, search.count, spawned.length]).toEqual(["nothing", 0, 1]);
  });

  it("marks text at once, and an expression when its places are told", () => {
    const { rows, search, work } = world(["a needle here"]);
    const [line] = rows.rows;
    if (!line) throw new Error("no line");
    const hits = () =>
      search
        .partsOf(line)
        .filter((it) => it.hit)
        .map((it) => it.text);
    search.look(wish("needle"));
    expect(hits()).toEqual(["needle"]);
    search.look(wish("n.{5}", true));
    expect(hits()).toEqual([]);
    search.mark([line]);
    work();
    expect(hits()).toEqual(["needle"]);
  });

  it("ends an expression that takes too long, and finds the next one", () => {
    const { search, spawned, work } = world(["aaaaaaaaaaaaaaaaaaaaaaaa!", "b"]);
    search.look(wish("(a+)+$", true));
    vi.advanceTimersByTime(60_000);
    expect(search.status).toBe("searching");
    spawned[0]?.wake();
    vi.advanceTimersByTime(2_250);
    expect([search.status, spawned[0]?.ended]).toEqual(["too_slow", true]);
    search.look(wish("b"));
    work();
    expect([search.status, search.count, spawned.length]).toEqual(["done", 1, 2]);
  });

  it("does not blame an expression for the one before it", () => {
    const { search, spawned, work } = world(["aaaa!", "b"]);
    search.look(wish("(a+)+$", true));
    spawned[0]?.wake();
    search.look(wish("b"));
    vi.advanceTimersByTime(2_250);
    expect([search.status, spawned.length]).toEqual(["searching", 2]);
    work();
    expect([search.status, search.count]).toEqual(["done", 1]);
  });

  it("says so when an expression cannot be read", () => {
    const { search } = world(["("]);
    search.look(wish("(", true));
    expect([search.status, search.count]).toEqual(["broken", 0]);
  });
});

describe("a pattern", () => {
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
