import { z } from "zod"
import { consoleRefusals } from "./answers.ts"
import type { OpenRoute, Route } from "./route.ts"

/** The console's API as an OpenAPI 3.1 document, made of its table of routes. */
export function openApiOf(open: readonly OpenRoute[], routes: readonly Route[]): object {
  const paths = new Map<string, Record<string, object>>()
  for (const route of [...open, ...routes]) {
    const path = `/console/api${route.path}`
    paths.set(path, { ...paths.get(path), [route.method.toLowerCase()]: operationOf(route) })
  }
  return {
    openapi: "3.1.0",
    info: { title: "Millrace console", version: "1" },
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "an API key" },
        session: { type: "apiKey", in: "cookie", name: "millrace_session" },
      },
    },
  }
}

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" }, remedy: { type: "string" } },
    },
  },
}

function operationOf(route: OpenRoute | Route): object {
  const least = "least" in route ? route.least : undefined
  const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }))
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } }
  return {
    operationId: route.operation,
    ...(least !== undefined && {
      description: `Takes the role ${least}.`,
      security: [{ session: [] }, { key: [] }],
    }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        content: { "application/json": { schema: z.toJSONSchema(route.body, { io: "input" }) } },
      },
    }),
    responses: {
      200: { description: "done" },
      default: {
        description: `refused: ${Object.keys(consoleRefusals).join(", ")}, or an operation's own code`,
        content,
      },
    },
  }
}
