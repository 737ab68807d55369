import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useMemo } from "react"
import { call } from "../api/client.ts"
import type { ListedSession } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { utcOf } from "../display/formats.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { Loaded } from "../display/loaded.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { Moment } from "../display/time.tsx"
import { accessTexts as words } from "../texts/administration.ts"

const sessionsKey = ["sessions"]

export function Sessions({ isAll }: { isAll: boolean }) {
  const queries = useQueryClient()
  const list = useQuery({
    queryKey: sessionsKey,
    queryFn: ({ signal }) => call<{ sessions: ListedSession[] }>("sessions", { signal }),
  })
  const ending = useMutation({
    mutationFn: (id: string) => call(`sessions/${encodeURIComponent(id)}`, { method: "DELETE" }),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsKey }),
  })
  const { mutate } = ending
  const columns = useMemo(() => columnsWith(mutate), [mutate])
  return (
    <section aria-labelledby="sessions">
      <div className="section-head">
        <h2 id="sessions">{words.sessions}</h2>
        <span className="sub">{isAll ? words.sessionsOfAll : words.sessionsOfOwn}</span>
      </div>
      {ending.isError && <ErrorNote error={ending.error} />}
      <Loaded query={list}>
        {({ sessions }) => (
          <Grid
            label={words.sessions}
            rows={sessions}
            columns={columns}
            keyOf={({ id }) => id}
            nameOf={({ user }) => user}
          />
        )}
      </Loaded>
    </section>
  )
}

function columnsWith(onEnd: (id: string) => void): Column<ListedSession>[] {
  const { columns } = words
  return [
    {
      id: "user",
      label: columns.user,
      width: "minmax(7rem, 1.5fr)",
      cell: ({ user, isOwn }) => (
        <>
          {user} {isOwn && <span className="sub">({words.own})</span>}
        </>
      ),
      sortBy: ({ user }) => user,
    },
    { id: "role", label: columns.role, width: "6rem", fromPx: 480, cell: ({ role }) => role },
    {
      id: "address",
      label: columns.address,
      width: "minmax(8rem, 1fr)",
      fromPx: 700,
      cell: ({ address }) => address,
    },
    {
      id: "began",
      label: columns.began,
      width: "minmax(8rem, 1fr)",
      fromPx: 620,
      cell: ({ createdAt }) => <Moment atMs={Date.parse(createdAt)} />,
      sortBy: ({ createdAt }) => createdAt,
    },
    {
      id: "ends",
      label: columns.ends,
      width: "minmax(8rem, 1fr)",
      fromPx: 900,
      cell: ({ expiresAt }) => <Moment atMs={Date.parse(expiresAt)} />,
      sortBy: ({ expiresAt }) => expiresAt,
    },
    {
      id: "end",
      label: words.end,
      width: "6rem",
      cell: ({ id, user, createdAt }) => (
        <Button
          look="quiet"
          aria-label={words.endOf(user, utcOf(Date.parse(createdAt)))}
          onClick={() => onEnd(id)}
        >
          {words.end}
        </Button>
      ),
    },
  ]
}
