import Anser from "anser";
import { mixed, readable, type Rgb } from "./contrast";

/** A run of text in one look. */
export interface Span {
  text: string;
  /** CSS, empty for plain text. */
  style: string;
}

const ESCAPE = "\u001b";

/** What stays of a line that a program overwrote with carriage returns, as progress bars do. */
export function lastFrame(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\r") end -= 1;
  const begin = text.lastIndexOf("\r", end - 1) + 1;
  return end <= begin ? "" : text.slice(begin, end);
}

const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;
/** What shows nothing, or turns the direction of what follows it, all but the tab. */
const UNSEEN =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const PLAIN = /^[\t\u0020-\u007e]*$/;

const pictureOf = (control: string): string => {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
};

/** Each control character becomes one that is seen, so that it does nothing and nothing is hidden. */
const visible = (text: string): string =>
  PLAIN.test(text) ? text : text.replace(UNSEEN, pictureOf);

const withoutSequences = (text: string): string =>
  text.includes(ESCAPE) ? text.replace(SEQUENCES, "") : text;

const COLOURS = /^\u001b\[[\d;]*m$/;
const onlyColours = (text: string): string =>
  text.replace(SEQUENCES, (sequence) => (COLOURS.test(sequence) ? sequence : ""));

/** Cuts a line into spans by its colour codes. Other control sequences are dropped. */
export function spans(text: string): Span[] {
  const frame = lastFrame(text);
  if (!frame.includes(ESCAPE)) return [{ text: visible(frame), style: "" }];
  const options = { json: true, remove_empty: true, use_classes: false };
  return Anser.ansiToJson(onlyColours(frame), options).map((part) => ({
    text: visible(part.content),
    style: styleOf(part),
  }));
}

/** The text without any codes, for searching, copying, downloading and measuring. */
export const plain = (text: string): string => visible(withoutSequences(lastFrame(text)));

/** The log's ground and its ink, the same in both themes. */
export const GROUND: Rgb = [19, 18, 17];
const INK: Rgb = [231, 229, 228];

/** The sixteen colours, in the tones of the rest of the page. */
const PALETTE: Record<string, Rgb> = {
  "0, 0, 0": [133, 127, 120],
  "187, 0, 0": [248, 113, 113],
  "0, 187, 0": [74, 222, 128],
  "187, 187, 0": [251, 191, 36],
  "0, 0, 187": [96, 165, 250],
  "187, 0, 187": [192, 132, 252],
  "0, 187, 187": [34, 211, 238],
  "255, 255, 255": [245, 245, 244],
  "85, 85, 85": [133, 127, 120],
  "255, 85, 85": [252, 165, 165],
  "0, 255, 0": [134, 239, 172],
  "255, 255, 85": [253, 224, 71],
  "85, 85, 255": [147, 197, 253],
  "255, 85, 255": [216, 180, 254],
  "85, 255, 255": [103, 232, 249],
};

function rgbOf(written: string): Rgb | null {
  const parts = written.split(",").map(Number);
  const [r, g, b] = parts;
  if (r === undefined || g === undefined || b === undefined || parts.some(Number.isNaN)) {
    return null;
  }
  return [Math.min(255, r), Math.min(255, g), Math.min(255, b)];
}

/** The colours that a text has asked for, made so that it can be read. */
export function coloursOf(
  fg: string | null,
  bg: string | null,
  decorations: readonly string[],
): { ink: Rgb | null; ground: Rgb | null } {
  let ink = fg === null ? null : (PALETTE[fg] ?? rgbOf(fg));
  let ground = bg === null ? null : rgbOf(bg);
  if (decorations.includes("reverse")) [ink, ground] = [ground ?? GROUND, ink ?? INK];
  const under = ground ?? GROUND;
  if (decorations.includes("dim")) ink = mixed(ink ?? INK, under, 0.65);
  if (ink === null && ground === null) return { ink, ground };
  return { ink: readable(ink ?? INK, under), ground };
}

/** A log has few looks and many spans. */
const styles = new Map<string, string>();

function styleOf({ fg, bg, decorations }: Anser.AnserJsonEntry): string {
  const key = `${fg}|${bg}|${decorations.join()}`;
  let style = styles.get(key);
  if (style === undefined) {
    style = cssOf(fg, bg, decorations);
    // A program that paints a rainbow has no more looks than this at a time.
    if (styles.size > 2_000) styles.clear();
    styles.set(key, style);
  }
  return style;
}

function cssOf(fg: string | null, bg: string | null, decorations: readonly string[]): string {
  const { ink, ground } = coloursOf(fg, bg, decorations);
  const css: string[] = [];
  if (ink) css.push(`color:rgb(${ink.join()})`);
  if (ground) css.push(`background:rgb(${ground.join()})`);
  if (decorations.includes("bold")) css.push("font-weight:700");
  if (decorations.includes("italic")) css.push("font-style:italic");
  const lines = [
    decorations.includes("underline") && "underline",
    decorations.includes("strikethrough") && "line-through",
  ].filter(Boolean);
  if (lines.length > 0) css.push(`text-decoration:${lines.join(" ")}`);
  return css.join(";");
}

const ERROR = /\b(?:ERROR|CRITICAL|FATAL|Traceback|[A-Z]\w*(?:Error|Exception):)/;
const WARNING = /\b(?:WARN|WARNING|\w*Warning:)/;

export type Level = "error" | "warning";

/** The level that a line names. */
export function levelOf(text: string): Level | null {
  const start = text.length > 160 ? text.slice(0, 160) : text;
  if (ERROR.test(start)) return "error";
  return WARNING.test(start) ? "warning" : null;
}
