import { type LookupAddress, lookup } from "node:dns"
import { type IncomingMessage, request as plainRequest } from "node:http"
import { request as secureRequest } from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { Problem } from "../../../domain/problems.ts"
import type { ObjectStore } from "../../../loading/object-store.ts"
import { isInternalAddress } from "./addresses.ts"

export interface WebOptions {
  url: string
  /** `host:port` of servers that may be asked although their address is internal. */
  internalHosts: readonly string[]
  /** Default 1 GiB. */
  bytesAtMost?: number
  /** To the end of the body. Default 10 minutes. */
  timeoutMs?: number
}

const usualBytesAtMost = 2 ** 30
const usualTimeoutMs = 600_000
const silenceAtMostMs = 30_000

/**
 * What is at a URL, as a bucket of one object. The address that the name resolves to is judged when it is connected to, so that it cannot
 * change in between; a redirection is not followed, since it leads to where nobody has allowed it.
 */
export function webStore(options: WebOptions): ObjectStore {
  const { url } = options
  return {
    async *list(_prefix, signal) {
      const answer = await ask(options, "HEAD", signal)
      answer.resume()
      yield [{ key: url, ...stateOf(answer) }]
    },
    refusal: () => undefined,
    async open(_key, signal) {
      const answer = await ask(options, "GET", signal)
      return { key: url, ...stateOf(answer), body: bounded(answer, options.bytesAtMost ?? usualBytesAtMost) }
    },
  }
}

/** Without a word of the server on its version, it is another one each time. */
function stateOf({ headers }: IncomingMessage): { etag: string; sizeBytes: number; modifiedAt: Date } {
  const modified = Date.parse(headers["last-modified"] ?? "")
  const etag = headers.etag ?? headers["last-modified"] ?? `unknown ${Date.now()}`
  return {
    etag,
    // Its length may be unknown, and is no promise: it is not fetched as a whole.
    sizeBytes: Number.MAX_SAFE_INTEGER,
    modifiedAt: Number.isNaN(modified) ? new Date() : new Date(modified),
  }
}

function ask(options: WebOptions, method: "GET" | "HEAD", signal?: AbortSignal): Promise<IncomingMessage> {
  const { internalHosts, timeoutMs = usualTimeoutMs } = options
  const url = new URL(options.url)
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port
  const isAllowed = internalHosts.includes(`${url.hostname}:${port}`)
  if (!isAllowed && isIP(bareHost(url)) !== 0 && isInternalAddress(bareHost(url))) throw internalAddress()
  const deadline = AbortSignal.timeout(timeoutMs)
  const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  const request = url.protocol === "https:" ? secureRequest : plainRequest
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = request(url, {
    method,
    agent: false,
    signal: ends,
    timeout: silenceAtMostMs,
    headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "millrace" },
    ...(!isAllowed && { lookup: publicLookup }),
  })
  asked.on("timeout", () =>
    asked.destroy(new Error(`the server said nothing for ${silenceAtMostMs / 1_000} s`)),
  )
  asked.on("error", (error) => reject(problemOf(error)))
  asked.on("response", (answer) => {
    const { statusCode = 0 } = answer
    if (statusCode === 200) return resolve(answer)
    answer.resume()
    reject(statusProblem(statusCode))
  })
  asked.end()
  return promise
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "")
}

/** Resolves a name to addresses of the internet only. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "")
    const found = addresses as LookupAddress[]
    const [first] = found
    if (first === undefined || found.some(({ address }) => isInternalAddress(address)))
      return callback(internalAddress(), "")
    if (options.all === true) return callback(null, found)
    callback(null, first.address, first.family)
  })
}

function internalAddress(): Problem {
  return new Problem(
    "sourceSettings",
    "The Uri leads to an internal address: name its host and port under profiles.internal_hosts to allow it.",
  )
}

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error
  return new Problem("sourceUnreachable", `The server of the Uri cannot be asked: ${error.message}.`, {
    cause: error,
  })
}

function statusProblem(status: number): Problem {
  if (status >= 300 && status < 400)
    return new Problem(
      "sourceSettings",
      `The server of the Uri answers ${status}: redirections are not followed.`,
    )
  const kind = status === 401 || status === 403 ? "sourceRefusedLogin" : "sourceUnreachable"
  return new Problem(kind, `The server of the Uri answers ${status}.`)
}

async function* bounded(answer: IncomingMessage, bytesAtMost: number): AsyncGenerator<Buffer> {
  let bytes = 0
  try {
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length
      if (bytes > bytesAtMost)
        throw new Problem("sourceSettings", `What the Uri leads to is longer than ${bytesAtMost} bytes.`)
      yield chunk as Buffer
    }
  } catch (error) {
    throw error instanceof Error ? problemOf(error) : error
  } finally {
    answer.destroy()
  }
}
