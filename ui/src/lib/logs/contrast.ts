/** A colour by its three parts, 0 to 255. */
export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** What WCAG asks of text. */
export const ENOUGH = 4.5;

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** How well two colours stand apart, 1 to 21, by WCAG's arithmetic. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** `share` of one colour, the rest of the other. */
export const mixed = (one: Rgb, other: Rgb, share: number): Rgb =>
  [0, 1, 2].map((part) =>
    Math.round((one[part] ?? 0) * share + (other[part] ?? 0) * (1 - share)),
  ) as unknown as Rgb;

/** The colour, drawn towards white or black only so far that it can be read on `ground`. */
export function readable(colour: Rgb, ground: Rgb): Rgb {
  if (contrast(colour, ground) >= ENOUGH) return colour;
  const towards = contrast(WHITE, ground) >= contrast(BLACK, ground) ? WHITE : BLACK;
  for (let share = 0.9; share > 0; share -= 0.1) {
    const lifted = mixed(colour, towards, share);
    if (contrast(lifted, ground) >= ENOUGH) return lifted;
  }
  return towards;
}
