import assert from "node:assert/strict"
import { test } from "node:test"
import type { Route } from "./route.ts"
import { routeTable } from "./route-table.ts"

const route = (method: Route["method"], path: string): Route => ({
  operation: `${method} ${path}`,
  method,
  path,
  permissions: [],
  audited: undefined,
  run: async () => ({ kind: "json", body: null }),
})

const table = routeTable([
  route("GET", "/integrations/{id}"),
  route("GET", "/integrations"),
  route("POST", "/integrations/{id}/{what}"),
  route("POST", "/integrations/scripts/create"),
  route("POST", "/integrations/{id}/scripts/edit"),
  route("DELETE", "/tag/{name}"),
])

const found = (method: string, path: string) => {
  const matched = table.match(method, path)
  return "route" in matched
    ? [matched.route.operation, Object.fromEntries(matched.parameters)]
    : matched.methods
}

test("words of a path come before what matches anything, in whatever order the routes stand", () => {
  assert.deepEqual(found("POST", "/integrations/scripts/create"), ["POST /integrations/scripts/create", {}])
  assert.deepEqual(found("POST", "/integrations/7/create"), [
    "POST /integrations/{id}/{what}",
    { id: "7", what: "create" },
  ])
  assert.deepEqual(found("POST", "/integrations/7/scripts/edit"), [
    "POST /integrations/{id}/scripts/edit",
    { id: "7" },
  ])
})

test("segments are decoded after they were told apart; a slash at the end changes nothing", () => {
  assert.deepEqual(found("DELETE", "/tag/a%2Fb%20c"), ["DELETE /tag/{name}", { name: "a/b c" }])
  assert.deepEqual(found("GET", "/integrations/"), ["GET /integrations", {}])
  for (const none of ["/tag/%zz", "/tag//", "/tag", "/", "/integration", "//integrations"])
    assert.deepEqual(found("DELETE", none), [], none)
})

test("a path that has other methods names them", () => {
  assert.deepEqual(found("PATCH", "/integrations/7"), ["GET"])
})

test("only paths that begin like a route are of this API", () => {
  assert.deepEqual(
    ["/integrations/x/y/z", "/tag", "/", "/tags/x", "/integrationsx"].map((path) => table.covers(path)),
    [true, true, false, false, false],
  )
})

test("routes that cannot be told apart are refused", () => {
  assert.throws(
    () => routeTable([route("GET", "/a/{b}"), route("GET", "/a/{c}")]),
    /two routes are GET \/a\/\{\}/,
  )
})
