import { headerValue, type WireRequest } from "../http/message.ts"

export interface SigningTime {
  /** `YYYYMMDDTHHMMSSZ`, as the string to sign has it. */
  stamp: string
  atMs: number
}

/** When the client says it signed: `X-Amz-Date`, else `Date` in either spelling. `undefined`: absent or unreadable. */
export function signingTime(request: WireRequest): SigningTime | undefined {
  const text = headerValue(request, "x-amz-date")
  if (text !== undefined) return basicForm(text)
  const date = headerValue(request, "date")
  if (date === undefined) return undefined
  return basicForm(date) ?? httpDate(date)
}

/** The header that `signingTime` reads. */
export function dateHeader(request: WireRequest): "x-amz-date" | "date" {
  return headerValue(request, "x-amz-date") === undefined ? "date" : "x-amz-date"
}

export function stampOf(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, "")
}

function basicForm(text: string): SigningTime | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(atMs) ? undefined : { stamp: text, atMs }
}

function httpDate(text: string): SigningTime | undefined {
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : { stamp: stampOf(atMs), atMs }
}
