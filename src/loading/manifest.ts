import { loadErrorCodes, type ObjectPlace, parseObjectUrl } from "../domain/copy.ts"
import { LoadFailure } from "./record-reader.ts"

/** A file that a manifest names. */
export interface ManifestEntry extends ObjectPlace {
  /** The load fails if there is no such file. */
  isMandatory: boolean
  /** `meta.content_length`; undefined: the manifest does not say. */
  sizeBytes: number | undefined
}

const form = 'The manifest must be {"entries": [{"url": "s3://bucket/key", "mandatory": true}, …]}'

function failure(what: string): LoadFailure {
  return new LoadFailure(loadErrorCodes.unknown, `${form}: ${what}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The files of a manifest, in its order. @throws LoadFailure */
export function parseManifest(text: string): ManifestEntry[] {
  const parsed = parsedJson(text)
  const entries = isRecord(parsed) ? parsed.entries : undefined
  if (!Array.isArray(entries)) throw failure("it has no list of entries")
  if (entries.length === 0) throw failure("its list of entries is empty")
  return entries.map(entryOf)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw failure("it is no JSON")
    throw error
  }
}

function entryOf(entry: unknown, index: number): ManifestEntry {
  const { url, mandatory = false, meta } = isRecord(entry) ? entry : {}
  const place = typeof url === "string" ? parseObjectUrl(url) : undefined
  if (place === undefined || place.prefix === "") throw failure(`the url of entry ${index + 1} names no file`)
  if (typeof mandatory !== "boolean")
    throw failure(`"mandatory" of entry ${index + 1} is neither true nor false`)
  const length = isRecord(meta) ? meta.content_length : undefined
  return {
    ...place,
    isMandatory: mandatory,
    sizeBytes: typeof length === "number" && length >= 0 ? length : undefined,
  }
}
