import {
  type AttributedDetail,
  type AttributedModel,
  giveAttribute,
  giveAttributes,
  takeAttribute,
} from "../../../control-plane/governance/people/attributes.ts"
import { Fault } from "../../../domain/faults.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { parameter, type Route, type RouteCall } from "../route.ts"
import { shownGroup, shownUserBriefly } from "./people-shapes.ts"
import { bodyAs, changes, type RouteHead, textLists } from "./wire.ts"

const one = "/bim/iam/{iamid}/{modelType}/{modelId}/authorizations/{key}/{value}"

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["USER_ADMIN"] }
}

/** Attributes of users and groups, one by one or all at once. (Fact: paths.) */
export function attributeRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      head("GiveAttribute", "PUT", one),
      (call) => giveAttribute(store, modelOf(call), attributeOf(call)),
      shown,
    ),
    changes(
      head("TakeAttribute", "DELETE", one),
      (call) => takeAttribute(store, modelOf(call), attributeOf(call)),
      shown,
    ),
    changes(
      head("TakeAllOfAttribute", "DELETE", one.replace("/{value}", "")),
      (call) => takeAttribute(store, modelOf(call), { name: parameter(call, "key"), value: undefined }),
      shown,
    ),
    ...(["user", "group"] as const).flatMap((kind) => listRoutes(store, kind)),
  ]
}

function listRoutes(store: GovernanceStore, kind: AttributedModel["kind"]): Route[] {
  const path = `/bim/iam/{iamid}/${kind}/{${kind}id}/authorizations`
  const put = (method: "POST" | "PUT") =>
    changes(
      head(method === "PUT" ? "SetAttributes" : "GiveAttributes", method, path),
      (call) =>
        giveAttributes(
          store,
          { kind, iamId: parameter(call, "iamid"), id: parameter(call, `${kind}id`) },
          { attributes: bodyAs(call, textLists), replaces: method === "PUT" },
        ),
      shown,
    )
  return [put("POST"), put("PUT")]
}

function attributeOf(call: RouteCall): { name: string; value: string } {
  return { name: parameter(call, "key"), value: parameter(call, "value") }
}

/** @throws Fault validation */
function modelOf(call: RouteCall): AttributedModel {
  const kind = parameter(call, "modelType")
  if (kind !== "user" && kind !== "group") {
    throw new Fault("validation", "Attributes are of a user or of a group.")
  }
  return { kind, iamId: parameter(call, "iamid"), id: parameter(call, "modelId") }
}

function shown(output: AttributedDetail): object {
  switch (output.kind) {
    case "user":
      return shownUserBriefly(output.detail)
    case "group":
      return shownGroup(output.detail)
  }
}
