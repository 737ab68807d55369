import {
  createIntegration,
  deleteIntegration,
  getIntegration,
  type IntegrationCalls,
  listIntegrations,
  shownIntegration,
  type ToldChange,
  updateIntegration,
} from "../../../control-plane/governance/integrations/calls.ts"
import {
  disableIntegration,
  enableIntegration,
} from "../../../control-plane/governance/integrations/disable.ts"
import { policyStateOf } from "../../../control-plane/governance/integrations/policy-state.ts"
import {
  deleteScript,
  editScript,
  type PayloadScript,
  payloadScript,
  type Script,
} from "../../../control-plane/governance/integrations/scripts.ts"
import { Fault } from "../../../domain/faults.ts"
import { parameter, type Route, type RouteAnswer, type RouteCall } from "../route.ts"

const permissions = ["APPLICATION_ADMIN"] as const

/** `/integrations` and its scripts. (Fact: methods, paths, that one permission is for all.) */
export function integrationRoutes(calls: IntegrationCalls): Route[] {
  const one = (call: RouteCall) => getIntegration(calls, parameter(call, "id"))
  return [
    reading("ListIntegrations", "/integrations", async () => json(await listIntegrations(calls))),
    reading("GetIntegration", "/integrations/{id}", async (call) => json(shownIntegration(await one(call)))),
    reading("GetIntegrationStatus", "/integrations/{id}/status", async (call) => {
      const integration = await one(call)
      const { id, status } = integration
      return json({ id: String(id), status, policies: await policyStateOf(calls.plane, integration) })
    }),
    changing("CreateIntegration", "POST /integrations", (call) => createIntegration(calls, call.body)),
    changing("UpdateIntegration", "PUT /integrations/{id}", (call) =>
      updateIntegration(calls, parameter(call, "id"), call.body),
    ),
    changing("DeleteIntegration", "DELETE /integrations/{id}", (call) =>
      deleteIntegration(calls, parameter(call, "id"), call.body),
    ),
    changing("DisableIntegration", "POST /integrations/{id}/disable", (call) =>
      disableIntegration(calls, parameter(call, "id")),
    ),
    changing("EnableIntegration", "POST /integrations/{id}/enable", (call) =>
      enableIntegration(calls, parameter(call, "id")),
    ),
    ...(["initial-create", "create", "cleanup"] as const).map((kind) => scriptRoute(calls, kind)),
    script("/integrations/scripts/post-cleanup", async () => {
      throw new Fault("validation", "There is no script post-cleanup for this type of integration.")
    }),
    script("/integrations/{id}/scripts/edit", (call) => editScript(calls, parameter(call, "id"), call.body)),
    script("/integrations/{id}/scripts/delete", (call) => deleteScript(calls, parameter(call, "id"))),
  ]
}

function json(body: unknown): RouteAnswer {
  return { kind: "json", body }
}

function reading(operation: string, path: string, run: Route["run"]): Route {
  return { operation, method: "GET", path, permissions, audited: undefined, run }
}

function changing(
  operation: string,
  place: `${"POST" | "PUT" | "DELETE"} ${string}`,
  change: (call: RouteCall) => Promise<ToldChange>,
): Route {
  const [method = "", path = ""] = place.split(" ")
  return {
    operation,
    method: method as Route["method"],
    path,
    permissions,
    audited: ({ parameters, body }) => ({ resource: parameters.get("id"), parameters: withoutSecrets(body) }),
    async run(call) {
      const { answer, before, after } = await change(call)
      call.tell({ before, after })
      return { kind: "json", body: answer, resource: answer.id }
    },
  }
}

/** Of what was sent, that which is no secret: members that are named here. */
function withoutSecrets(body: unknown): object {
  const { type, autoBootstrap, config } = membersOf(body)
  const { host, database, initialDatabase, port, impersonation, authenticationType } = membersOf(config)
  const { enabled, role } = membersOf(impersonation)
  const shown = plain({ host, database, initialDatabase, port, authenticationType, enabled, role })
  return { ...plain({ type, autoBootstrap }), config: shown }
}

/** What is nested where nothing should be may hold anything. */
function plain(members: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => typeof value !== "object"))
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
}

function scriptRoute(calls: IntegrationCalls, kind: PayloadScript): Route {
  return script(`/integrations/scripts/${kind}`, ({ body, query }) =>
    payloadScript(calls, kind, { body, dialect: query.get("engine") ?? undefined }),
  )
}

/** A script changes nothing until somebody runs it. Raw, or with its fingerprint by `?format=json`. */
function script(path: string, make: (call: RouteCall) => Promise<Script>): Route {
  return {
    operation: "MakeScript",
    method: "POST",
    path,
    permissions,
    audited: undefined,
    async run(call) {
      const made = await make(call)
      return call.query.get("format") === "json" ? json(made) : { kind: "text", body: made.script }
    },
  }
}
