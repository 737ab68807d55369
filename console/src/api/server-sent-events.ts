import { ApiError, apiUrl, refusalOf } from "./client.ts"

export interface ServerSentEvent {
  /** "" when the event has none. */
  id: string
  name: string
  data: string
}

export interface StreamOptions {
  lastId: string
  signal: AbortSignal
  onOpen(): void
  onEvent(event: ServerSentEvent): void
}

/**
 * Reads the event stream until it ends. By `fetch`, since a browser's `EventSource` cannot be told where another tab's ended.
 * @throws ApiError
 */
export async function readEvents(path: string, options: StreamOptions): Promise<void> {
  const { lastId, signal } = options
  const headers = { accept: "text/event-stream", ...(lastId !== "" && { "last-event-id": lastId }) }
  const response = await opened(path, { headers, signal, credentials: "same-origin", cache: "no-store" })
  if (!response.ok || response.body === null) throw refusalOf(response.status, await response.text())
  options.onOpen()
  const parse = eventParser(options.onEvent)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    parse(value)
  }
}

async function opened(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(apiUrl(path), init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, { code: "unreachable", message: "Millrace does not answer." })
  }
}

/** Takes the stream's text in pieces of any size. */
export function eventParser(onEvent: (event: ServerSentEvent) => void): (text: string) => void {
  let rest = ""
  let event: ServerSentEvent = { id: "", name: "message", data: "" }
  const take = (line: string) => {
    if (line === "") {
      if (event.data !== "") onEvent({ ...event, data: event.data.slice(0, -1) })
      event = { id: "", name: "message", data: "" }
      return
    }
    const [field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line)?.slice(1) ?? []
    if (field === "data") event.data += `${value}\n`
    else if (field === "event") event.name = value
    else if (field === "id") event.id = value
  }
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n/)
    rest = lines.pop() ?? ""
    for (const line of lines) take(line)
  }
}
