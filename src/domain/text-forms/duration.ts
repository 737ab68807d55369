const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `30s`, `5m`, `24h`, `7d`, or a number of seconds: in ms; `undefined`: not a length of time. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text)
  if (match === null) return undefined
  return Math.round(Number(match[1]) * (units[match[2] ?? "s"] ?? 0))
}
