import type { WireResponse } from "../http/message.ts"
import type { ShapeValue, StructureShape } from "../shapes/shape.ts"
import type { WireFault } from "./fault.ts"
import { element, escapeXml, membersXml, textElement } from "./xml.ts"

/** What an answer needs besides its content. */
export interface ResponseContext {
  /** The service's XML namespace; errors before a service is known have none. */
  namespace: string | undefined
  /** In the body, where some clients look, and in the header, where others do. */
  requestId: string
}

export function resultResponse(
  operation: string,
  output: StructureShape | undefined,
  value: { [name: string]: ShapeValue | undefined },
  context: ResponseContext,
): WireResponse {
  const result = output === undefined ? "" : element(`${operation}Result`, membersXml(output, value))
  const metadata = element("ResponseMetadata", textElement("RequestId", context.requestId))
  return response(200, `${operation}Response`, result + metadata, context)
}

export function faultResponse(fault: WireFault, context: ResponseContext): WireResponse {
  const error = element(
    "Error",
    textElement("Type", fault.sender ? "Sender" : "Receiver") +
      textElement("Code", fault.code) +
      textElement("Message", fault.message),
  )
  return response(fault.status, "ErrorResponse", error + textElement("RequestId", context.requestId), context)
}

function response(status: number, root: string, content: string, context: ResponseContext): WireResponse {
  const namespace = context.namespace === undefined ? "" : ` xmlns="${escapeXml(context.namespace)}"`
  return {
    status,
    headers: { "content-type": "text/xml", "x-amzn-RequestId": context.requestId },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${content}</${root}>`,
  }
}
