/** A request as it came over the wire: nothing decoded, nothing joined, so that a signature over it can be checked. */
export interface WireRequest {
  method: string
  /** Still percent-encoded, without the query. */
  path: string
  /** Still percent-encoded, without the `?`; empty when there is none. */
  query: string
  /** In order of arrival, repeated names kept, names as sent. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Uint8Array
  /** The network address of whoever sent it; undefined when the connection is gone already. */
  address?: string | undefined
  /** It came over TLS that ends here. */
  isSecure?: boolean
  /** Aborted when its connection is closed, or its answer is complete. */
  gone?: AbortSignal
}

export interface WireResponse {
  status: number
  headers: Record<string, string>
  body: string
  /** What comes in the place of the body. */
  stream?: ReadableStream<Uint8Array>
}

/** Every value of a header, in order; names compare without case. */
export function headerValues(request: Pick<WireRequest, "headers">, name: string): string[] {
  const wanted = name.toLowerCase()
  return request.headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value)
}

/** The value of a header sent once; `undefined` when absent, the first when repeated. */
export function headerValue(request: WireRequest, name: string): string | undefined {
  return headerValues(request, name)[0]
}

/** All headers at once, by name in lower case: for whoever asks for many of them, whose number a stranger decides. */
export function headersByName(request: WireRequest): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase()
    const values = found.get(key)
    if (values === undefined) found.set(key, [value])
    else values.push(value)
  }
  return found
}

/** The media type alone, in lower case: clients differ in whether they send a charset. */
export function mediaType(request: WireRequest): string | undefined {
  return headerValue(request, "content-type")?.split(";")[0]?.trim().toLowerCase()
}
