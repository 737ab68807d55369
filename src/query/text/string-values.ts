import { PgError } from "../../wire/pgwire/pg-error.ts"

/**
 * What a string constant stands for. `text`: the whole of it, quotes included, as `tokens.ts` has cut it: `'…'`, `E'…'`,
 * `$tag$…$tag$`. `continued`: of one that goes on in a later line, all that is between its quotes. Throws 22021 where an
 * escape names bytes that are no text.
 */
export function stringValue(text: string, continued?: string): string {
  if (text.startsWith("$"))
    return text.slice(text.indexOf("$", 1) + 1, text.lastIndexOf("$", text.length - 2))
  const inner = continued ?? text.slice(text.indexOf("'") + 1, -1)
  return /^e/i.test(text) ? unescaped(inner) : inner.replaceAll("''", "'")
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" }
const oneEscape =
  /''|\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|((?:x[0-9a-fA-F]{1,2}|[0-7]{1,3})(?:\\(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3}))*)|([\s\S]))/g

/** Of E'…', what stands for other characters stands for them. */
function unescaped(inner: string): string {
  return inner.replace(oneEscape, (all, short?: string, long?: string, bytes?: string, other?: string) => {
    const code = short ?? long
    if (code !== undefined) return characterOf(Number.parseInt(code, 16))
    if (bytes !== undefined) return textOf(bytes.split("\\"))
    return other === undefined ? all.slice(1) : (escapes[other] ?? other)
  })
}

function characterOf(code: number): string {
  if (code === 0 || code > 0x10ffff) throw notText()
  return String.fromCodePoint(code)
}

/** `x41` and `101` are bytes of UTF-8. */
function textOf(bytes: string[]): string {
  const values = bytes.map((byte) =>
    byte.startsWith("x") ? Number.parseInt(byte.slice(1), 16) : Number.parseInt(byte, 8) & 0xff,
  )
  try {
    if (values.includes(0)) throw notText()
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(values))
  } catch (error) {
    if (error instanceof PgError) throw error
    throw notText()
  }
}

function notText(): PgError {
  return new PgError("22021", "an escape in a string constant stands for no character")
}
