const units: Record<string, number> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** `64MiB`, `10GiB`, `500 MB`, or a number of bytes: in bytes; `undefined`: not a size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/.exec(text)
  if (match === null) return undefined
  const bytes = Math.round(Number(match[1]) * (units[match[2] ?? "B"] ?? 0))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
