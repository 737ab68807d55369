import { useQuery } from "@tanstack/react-query"
import { call } from "../api/client.ts"
import type { ConsoleUserReport } from "../api/types.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { Loaded } from "../display/loaded.tsx"
import { accessTexts as words } from "../texts/administration.ts"

const columns: Column<ConsoleUserReport>[] = [
  {
    id: "name",
    label: words.userColumns.name,
    width: "minmax(8rem, 2fr)",
    cell: ({ name }) => name,
    sortBy: ({ name }) => name,
  },
  {
    id: "role",
    label: words.userColumns.role,
    width: "minmax(8rem, 1fr)",
    cell: ({ role }) => role ?? words.noRole,
    sortBy: ({ role }) => role,
  },
  {
    id: "from",
    label: words.userColumns.from,
    width: "minmax(8rem, 1fr)",
    fromPx: 480,
    cell: ({ isConfigured }) => (isConfigured ? words.configured : words.bySql),
  },
]

export function Users() {
  const list = useQuery({
    queryKey: ["console-users"],
    queryFn: ({ signal }) => call<{ users: ConsoleUserReport[] }>("console-users", { signal }),
  })
  return (
    <section aria-labelledby="users">
      <div className="section-head">
        <h2 id="users">{words.users}</h2>
        <span className="sub">{words.usersDetail}</span>
      </div>
      <Loaded query={list}>
        {({ users }) => (
          <Grid
            label={words.users}
            rows={users}
            columns={columns}
            keyOf={({ name }) => name}
            nameOf={({ name }) => name}
          />
        )}
      </Loaded>
    </section>
  )
}
