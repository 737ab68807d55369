import { randomBytes } from "node:crypto"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { headerValue, type WireRequest, type WireResponse } from "../../wire/http/message.ts"
import { commonHeaders } from "./answers.ts"
import { type PageFile, pageFile } from "./page-files.ts"

const compressed = promisify(gzip)

export interface PagesOptions {
  /** Of the built console. */
  folder: string
}

export interface PageRequest {
  request: WireRequest
  /** Without the prefix. */
  path: string
  /** Of a reverse proxy; empty: none. */
  prefix: string
}

export type Pages = (asked: PageRequest) => Promise<WireResponse>

const buildCommand = "npm run console:build"

/** Files that were compressed once; those of a build are few. */
const compressedAtMost = 500

/** The console's pages: its files, and the one page for every other path below `/console/`, whose own router shows what is asked for. */
export function consolePages({ folder }: PagesOptions): Pages {
  const compressedFiles = new Map<string, Uint8Array<ArrayBuffer>>()

  async function asset(asked: PageRequest, name: string, file: PageFile): Promise<WireResponse> {
    const isNamedByContent = name.startsWith("assets/")
    const headers = {
      ...commonHeaders,
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": file.mediaType,
      "cache-control": isNamedByContent ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "accept-encoding",
    }
    if (!isNamedByContent || !acceptsGzip(asked.request))
      return bytesAnswer(asked.request, headers, file.bytes)
    const kept = compressedFiles.get(name)
    const bytes = kept ?? new Uint8Array(await compressed(file.bytes))
    if (kept === undefined && compressedFiles.size < compressedAtMost) compressedFiles.set(name, bytes)
    return bytesAnswer(asked.request, { ...headers, "content-encoding": "gzip" }, bytes)
  }

  return async (asked) => {
    const { request, path } = asked
    if (request.method !== "GET" && request.method !== "HEAD")
      return plain(405, "The console's pages are read only.\n", { allow: "GET, HEAD" })
    const name = path.startsWith("/console/") ? path.slice("/console/".length) : ""
    const file = name === "" || name === "index.html" ? undefined : await pageFile(folder, name)
    if (file !== undefined) return await asset(asked, name, file)
    if (name.startsWith("assets/") || !acceptsPage(request)) return plain(404, "There is no such file.\n")
    const index = await pageFile(folder, "index.html")
    if (index === undefined)
      return plain(503, `The console is not built. In a clone, this command builds it: ${buildCommand}\n`)
    return page(asked, new TextDecoder().decode(index.bytes))
  }
}

/** With a nonce of this answer's own: what has none does not run. */
function page({ request, prefix }: PageRequest, text: string): WireResponse {
  const nonce = randomBytes(18).toString("base64")
  const html = text.replaceAll("__CSP_NONCE__", nonce).replaceAll("__BASE_PATH__", prefix)
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ]
  const headers = {
    ...commonHeaders,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
  }
  return { status: 200, headers, body: request.method === "HEAD" ? "" : html }
}

function plain(status: number, body: string, headers: Record<string, string> = {}): WireResponse {
  return {
    status,
    headers: {
      ...commonHeaders,
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      ...headers,
    },
    body,
  }
}

function bytesAnswer(
  { method }: WireRequest,
  headers: Record<string, string>,
  bytes: Uint8Array<ArrayBuffer>,
): WireResponse {
  if (method === "HEAD") return { status: 200, headers, body: "" }
  return {
    status: 200,
    headers: { ...headers, "content-length": String(bytes.length) },
    body: "",
    stream: new Blob([bytes]).stream(),
  }
}

/** Whether a person's browser asks for a page to look at. */
export function acceptsPage(request: WireRequest): boolean {
  return (headerValue(request, "accept") ?? "").toLowerCase().includes("text/html")
}

function acceptsGzip(request: WireRequest): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(
    headerValue(request, "accept-encoding") ?? "",
  )
}
