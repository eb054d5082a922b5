import Anser from "anser";

/** A run of text in one look. */
export interface Span {
  text: string;
  /** CSS, empty for plain text. */
  style: string;
}

const ESCAPE = "\u001b";

/** What stays of a line that a program overwrote with carriage returns, as progress bars do. */
export function lastFrame(text: string): string {
  if (!text.includes("\r")) return text;
  return text.split("\r").findLast((part) => part !== "") ?? "";
}

/** Cuts a line into spans by its colour codes. Other control sequences are dropped. */
export function spans(text: string): Span[] {
  const frame = lastFrame(text);
  if (!frame.includes(ESCAPE)) return [{ text: frame, style: "" }];
  return Anser.ansiToJson(frame, { json: true, remove_empty: true, use_classes: false }).map(
    (part) => ({ text: dropControls(part.content), style: styleOf(part) }),
  );
}

/** The text without any codes, for copying, downloading and measuring. */
export function plain(text: string): string {
  const frame = lastFrame(text);
  return frame.includes(ESCAPE) ? dropControls(Anser.ansiToText(frame)) : frame;
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;

const dropControls = (text: string): string =>
  text.includes(ESCAPE) ? text.replaceAll(CONTROLS, "") : text;

/** The sixteen colours, readable on the log's dark ground. */
const PALETTE: Record<string, string> = {
  "0, 0, 0": "#6b6660",
  "187, 0, 0": "#f87171",
  "0, 187, 0": "#4ade80",
  "187, 187, 0": "#fbbf24",
  "0, 0, 187": "#60a5fa",
  "187, 0, 187": "#c084fc",
  "0, 187, 187": "#22d3ee",
  "255, 255, 255": "#f5f5f4",
  "85, 85, 85": "#857f78",
  "255, 85, 85": "#fca5a5",
  "0, 255, 0": "#86efac",
  "255, 255, 85": "#fde047",
  "85, 85, 255": "#93c5fd",
  "255, 85, 255": "#d8b4fe",
  "85, 255, 255": "#67e8f9",
};

function colour(rgb: string | null): string | null {
  return rgb === null ? null : (PALETTE[rgb] ?? `rgb(${rgb})`);
}

function styleOf(part: Anser.AnserJsonEntry): string {
  const css: string[] = [];
  const fg = colour(part.fg);
  const bg = colour(part.bg);
  if (fg) css.push(`color:${fg}`);
  if (bg) css.push(`background:${bg}`);
  for (const decoration of part.decorations) {
    if (decoration === "bold") css.push("font-weight:700");
    else if (decoration === "dim") css.push("opacity:.65");
    else if (decoration === "italic") css.push("font-style:italic");
    else if (decoration === "underline") css.push("text-decoration:underline");
    else if (decoration === "strikethrough") css.push("text-decoration:line-through");
  }
  return css.join(";");
}

const ERROR = /\b(?:ERROR|CRITICAL|FATAL|Traceback|[A-Z]\w*(?:Error|Exception):)/;
const WARNING = /\b(?:WARN|WARNING|\w*Warning:)/;

/** The level that a line without colours of its own names. */
export function levelOf(text: string): "error" | "warning" | null {
  const start = text.slice(0, 160);
  if (ERROR.test(start)) return "error";
  return WARNING.test(start) ? "warning" : null;
}
