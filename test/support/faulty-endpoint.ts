import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"

/** What is in the way of a request, as DynamoDB names it; undefined: nothing. */
export type Hindrance = (operation: string) => string | undefined

export interface FaultyEndpoint {
  endpoint: string
  hinder: Hindrance
  /** Requests since the beginning, those that were hindered among them. */
  requests: number
}

/** A DynamoDB that lives elsewhere, behind something that answers some requests with an error of DynamoDB's. */
export async function faultyEndpoint(context: TestContext, target: string): Promise<FaultyEndpoint> {
  const { hostname, port } = new URL(target)
  const faulty: FaultyEndpoint = { endpoint: "", hinder: () => undefined, requests: 0 }
  const server = createServer((incoming, outgoing) => {
    faulty.requests++
    const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? ""
    const error = faulty.hinder(operation)
    if (error !== undefined) {
      incoming.resume()
      outgoing.writeHead(400, { "content-type": "application/x-amz-json-1.0" })
      outgoing.end(
        JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: operation }),
      )
      return
    }
    const { method, url: path, headers } = incoming
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on("error", () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  faulty.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return faulty
}
