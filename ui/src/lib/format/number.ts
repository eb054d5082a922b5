import { locale } from "$lib/i18n/locale.svelte";

const formats = new Map<string, Intl.NumberFormat>();

function format(value: number, options: Intl.NumberFormatOptions): string {
  const key = locale.current + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.NumberFormat(locale.current, options)));
  return found.format(value);
}

export const count = (value: number): string => format(value, {});

/** `62 %`; a whole number, because tenths of a percent of a processor are noise. */
export const percent = (value: number): string => `${format(Math.round(value), {})} %`;

/** `$1.00`; prices of the Hub are in US dollars. */
export const dollars = (value: number): string =>
  format(value, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" });

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** Splits bytes into a number and a unit. */
function scale(bytes: number, base: number): { value: number; unit: (typeof UNITS)[number] } {
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= base;
    step += 1;
  }
  return { value, unit: UNITS[step] ?? "TB" };
}

function digits(value: number, unit: string): string {
  const places = unit === "B" || value >= 99.95 ? 0 : 1;
  return format(value, { minimumFractionDigits: places, maximumFractionDigits: places });
}

function bytes(value: number, base: number): string {
  const scaled = scale(value, base);
  return `${digits(scaled.value, scaled.unit)} ${scaled.unit}`;
}

/** `17.0 GB`; by 1024, as the Hub counts when it sells `16 GB`. */
export const memory = (value: number): string => bytes(value, 1024);

/** `1.2 MB`; by 1000, as networks are counted. */
export const traffic = (value: number): string => bytes(value, 1000);

/** `1.2 MB/s` */
export const rate = (value: number): string => `${traffic(value)}/s`;

/** `17.0 / 24 GB` of memory: both in the unit of the whole. */
export function memoryOf(used: number, total: number): string {
  const { unit, value } = scale(total, 1024);
  const size = total / value;
  const whole = format(value, { maximumFractionDigits: 1 });
  return `${digits(used / size, unit)} / ${whole} ${unit}`;
}
