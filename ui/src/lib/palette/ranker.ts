/** Something that can be found: what it is called, and what else it answers to. */
export interface Candidate {
  /** What is shown and highlighted. */
  name: string;
  /** What is done with it, such as `Restart`; a query must name it to find it. */
  verb?: string;
  /** Other words that find it, such as the owner. */
  keywords?: string;
}

/** A candidate in the form that is searched, so that a key press lowers no text again. */
export interface Indexed<T extends Candidate> {
  value: T;
  name: string;
  verb: string;
  keywords: string;
}

export const indexed = <T extends Candidate>(values: readonly T[]): Indexed<T>[] =>
  values.map((value) => ({
    value,
    name: value.name.toLowerCase(),
    verb: (value.verb ?? "").toLowerCase(),
    keywords: (value.keywords ?? "").toLowerCase(),
  }));

export const wordsOf = (query: string): string[] =>
  query.toLowerCase().split(/\s+/).filter(Boolean);

interface Found<T> {
  value: T;
  score: number;
}

/** The best `limit` of `pool` for `query`, best first. */
export function rank<T extends Candidate>(
  pool: readonly Indexed<T>[],
  query: string,
  limit: number,
): Found<T>[] {
  const words = wordsOf(query);
  // A few verbs stand before thousands of names: how they fit is found once for each of them.
  const verbs = new Map<string, number[]>();
  const best: Found<T>[] = [];
  for (const item of pool) {
    let inVerb = verbs.get(item.verb);
    if (!inVerb) {
      inVerb = words.map((word) => (item.verb === "" ? 0 : wordScore(item.verb, word, false)));
      verbs.set(item.verb, inVerb);
    }
    const score = scoreOf(item, words, inVerb);
    if (score === 0) continue;
    let place = best.length;
    while (place > 0 && isBetter(score, item, best[place - 1])) place -= 1;
    // A letter finds thousands: nothing is made for those that are not shown.
    if (place === limit) continue;
    best.splice(place, 0, { value: item.value, score });
    if (best.length > limit) best.pop();
  }
  return best;
}

const isBetter = (
  score: number,
  { name }: Indexed<Candidate>,
  other: Found<Candidate> | undefined,
): boolean =>
  !other || score > other.score || (score === other.score && name.length < other.value.name.length);

/** 0 when a word is found nowhere, or when none of them names the verb that there is. */
function scoreOf(
  item: Indexed<Candidate>,
  words: readonly string[],
  inVerbs: readonly number[],
): number {
  let verbNamed = item.verb === "";
  // Most queries name no verb: what needs one is not looked at further.
  if (!verbNamed && inVerbs.every((score) => score === 0)) return 0;
  let total = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const inVerb = inVerbs[index] ?? 0;
    const inName = wordScore(item.name, word, true);
    const best = Math.max(inVerb, inName, wordScore(item.keywords, word, false) * 0.6);
    if (best === 0) return 0;
    if (inVerb > 0 && inVerb >= inName) verbNamed = true;
    total += best;
  }
  return verbNamed ? total : 0;
}

/** What stands between words. */
const BETWEEN = new Set(" \t\n/_.-");

/** How well `word` fits `text`: at the start, at the start of a word, inside, or spread over it. */
function wordScore(text: string, word: string, spread: boolean): number {
  const at = text.indexOf(word);
  if (at === 0) return 100 + word.length / text.length;
  if (at > 0) return (BETWEEN.has(text[at - 1] ?? "") ? 80 : 50) + word.length / text.length;
  return spread && word.length > 1 ? spreadScore(text, word) : 0;
}

/** For `imgst` in `image-studio`: every letter in its order, the tighter the better. */
function spreadScore(text: string, word: string): number {
  let at = -1;
  let begin = -1;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return 0;
    if (begin < 0) begin = at;
  }
  const share = word.length / (at - begin + 1);
  return share < 0.35 ? 0 : 30 * share;
}

/** Cuts `name` into pieces: every second is one that a word of the query found, the first is none. */
export function marked(name: string, query: string): string[] {
  const lower = name.toLowerCase();
  const hits = new Array<boolean>(name.length).fill(false);
  for (const word of wordsOf(query)) {
    const at = lower.indexOf(word);
    if (at >= 0) hits.fill(true, at, at + word.length);
  }
  const parts: string[] = [];
  let part = "";
  for (let index = 0; index < name.length; index++) {
    const inHit = parts.length % 2 === 1;
    if (hits[index] !== inHit) {
      parts.push(part);
      part = "";
    }
    part += name[index];
  }
  parts.push(part);
  return parts;
}
