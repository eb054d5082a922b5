/** What could open something: tokens of the Hub, keys in headers, and values that addresses carry. */
const SECRETS: readonly [RegExp, string][] = [
  [/\bhf_[A-Za-z0-9_]+/g, "hf_…"],
  [/\b(Bearer|Basic)\s+[^\s"',;]+/gi, "$1 …"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "…"],
  [/([?&](?:code|token|key|password|secret)=)[^&\s"')]+/gi, "$1…"],
];

/** `text` without anything that could open something, and without the address of the server. */
export function withoutSecrets(text: string, origin: string): string {
  const bare = text.replaceAll(origin, "");
  return SECRETS.reduce((clean, [secret, instead]) => clean.replace(secret, instead), bare);
}

/** What was thrown, in one line. */
export function failureText(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === "string" ? error : String(error);
}

/** What somebody who helps needs to know of a failure, as text that may be shown to anybody. */
export function failureDetails(
  error: unknown,
  about: Record<string, string>,
  origin = location.origin,
): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const text = failureText(error);
  const lines = [
    ...Object.entries(about).map(([name, value]) => `${name}: ${value}`),
    "",
    // Some engines begin the stack with the message, and some do not.
    ...(stack.includes(text) ? [] : [text]),
    stack,
  ];
  return withoutSecrets(lines.join("\n").trim() + "\n", origin);
}
