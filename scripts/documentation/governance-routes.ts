import { apiKeyRoutes } from "../../src/front-doors/governance/resources/api-key-routes.ts"
import { resourceRoutes } from "../../src/front-doors/governance/resources/resource-routes.ts"
import { unbuiltReasons } from "../../src/front-doors/governance/resources/unbuilt-routes.ts"
import type { Route } from "../../src/front-doors/governance/route.ts"

/** Every route beside those of integrations. Making them asks nothing of the store. */
export function governanceRoutesOfCode(): Route[] {
  const resources = resourceRoutes({} as Parameters<typeof resourceRoutes>[0])
  return [...resources, ...apiKeyRoutes({} as Parameters<typeof apiKeyRoutes>[0])]
}

/** docs/governance/routes.md. */
export function governanceRoutePage(): string {
  const reasons = new Map(unbuiltReasons().map(([method, path, instead]) => [`${method} ${path}`, instead]))
  const rows = governanceRoutesOfCode()
    .map(({ method, path, operation, permissions }) => {
      const reason = reasons.get(`${method} ${path}`)
      const there = reason === undefined ? operation : `501. ${reason}`
      const needed = reason === undefined ? permissions.join(", ") : ""
      return { path, line: `| \`${method} ${path}\` | ${there} | ${needed} |` }
    })
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
  return `# Routes of the governance API

Written by \`node scripts/governance-route-page.ts\` from the code. An empty permission: any key; who may is then decided by whom the key acts for.
Of several permissions one suffices. The routes of integrations are on [their own page](integrations.md).

| route | what is there | permission |
| --- | --- | --- |
${rows.map(({ line }) => line).join("\n")}
`
}
