import { headerValue, mediaType, type WireRequest } from "../http/message.ts"
import { type WireFault, wireFault } from "./fault.ts"

/** A request's parameters by full name (`Tags.Tag.1.Key`); every name occurs once. */
export type Form = ReadonlyMap<string, string>

// The largest request in scope has some 200 parameters (tags, filters, encryption context).
const parameterLimit = 2_000
const nameLimit = 256

/** Reads the parameters of a request, from its form body and its query. Which names are allowed is not known here. */
export function readForm(request: WireRequest): { ok: Form } | { fault: WireFault } {
  const body = bodyText(request)
  if ("fault" in body) return body
  const form = new Map<string, string>()
  for (const pair of [...request.query.split("&"), ...body.ok.split("&")]) {
    if (pair === "") continue
    const fault = addPair(form, pair)
    if (fault !== undefined) return { fault }
  }
  return { ok: form }
}

function bodyText(request: WireRequest): { ok: string } | { fault: WireFault } {
  if (request.body.length === 0) return { ok: "" }
  if (mediaType(request) !== "application/x-www-form-urlencoded") {
    const given = headerValue(request, "content-type")
    const found = given === undefined ? "no Content-Type" : "another Content-Type"
    return {
      fault: malformed(`Send a body of type application/x-www-form-urlencoded; this one has ${found}.`),
    }
  }
  try {
    return { ok: new TextDecoder("utf-8", { fatal: true }).decode(request.body) }
  } catch (error) {
    if (error instanceof TypeError) return { fault: syntax("The body is not UTF-8.") }
    throw error
  }
}

function addPair(form: Map<string, string>, pair: string): WireFault | undefined {
  if (form.size >= parameterLimit) return malformed(`More than ${parameterLimit} parameters.`)
  const equals = pair.indexOf("=")
  const name = decode(equals < 0 ? pair : pair.slice(0, equals))
  const value = decode(equals < 0 ? "" : pair.slice(equals + 1))
  if (name === undefined || value === undefined)
    return syntax("A parameter holds a malformed percent-encoding.")
  if (name === "" || name.length > nameLimit) return malformed("A parameter's name is empty or too long.")
  if (form.has(name)) return malformed(`The parameter ${name} is given more than once.`)
  form.set(name, value)
  return undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function syntax(message: string): WireFault {
  return wireFault("MalformedQueryString", message)
}

function malformed(message: string): WireFault {
  return wireFault("InvalidQueryParameter", message)
}
