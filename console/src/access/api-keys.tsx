import { useQuery } from "@tanstack/react-query"
import { useMemo, useState } from "react"
import { call } from "../api/client.ts"
import type { ApiKeyReport } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { type Column, Grid } from "../display/grid.tsx"
import { Loaded } from "../display/loaded.tsx"
import { Badge } from "../display/state-badge.tsx"
import { Moment } from "../display/time.tsx"
import { accessTexts as words } from "../texts/administration.ts"
import { CreateKeyDialog, RevokeKeyDialog } from "./key-dialogs.tsx"

export const keysKey = ["api-keys"]

type OpenDialog = { kind: "create" } | { kind: "revoke"; name: string }

export function ApiKeys() {
  const [dialog, setDialog] = useState<OpenDialog | null>(null)
  const list = useQuery({
    queryKey: keysKey,
    queryFn: ({ signal }) => call<{ keys: ApiKeyReport[] }>("api-keys", { signal }),
  })
  const columns = useMemo(() => columnsWith((name) => setDialog({ kind: "revoke", name })), [])
  const close = () => setDialog(null)
  return (
    <section aria-labelledby="keys">
      <div className="section-head">
        <h2 id="keys">{words.keys}</h2>
        <span className="sub">{words.keysDetail}</span>
        <Button onClick={() => setDialog({ kind: "create" })}>{words.create}</Button>
      </div>
      <Loaded query={list}>
        {({ keys }) =>
          keys.length === 0 ? (
            <p className="sub">{words.noKeys}</p>
          ) : (
            <Grid
              label={words.keys}
              rows={keys}
              columns={columns}
              keyOf={({ name, createdAt }) => `${name} ${createdAt}`}
              nameOf={({ name }) => name}
            />
          )
        }
      </Loaded>
      {dialog?.kind === "create" && <CreateKeyDialog onClose={close} />}
      {dialog?.kind === "revoke" && <RevokeKeyDialog name={dialog.name} onClose={close} />}
    </section>
  )
}

function columnsWith(onRevoke: (name: string) => void): Column<ApiKeyReport>[] {
  const { keyColumns } = words
  return [
    {
      id: "name",
      label: keyColumns.name,
      width: "minmax(8rem, 1.5fr)",
      cell: ({ name }) => <span title={name}>{name}</span>,
      sortBy: ({ name }) => name,
    },
    {
      id: "permissions",
      label: keyColumns.permissions,
      width: "minmax(10rem, 2fr)",
      fromPx: 700,
      cell: ({ permissions }) => <span title={permissions.join(", ")}>{permissions.join(", ")}</span>,
    },
    {
      id: "created",
      label: keyColumns.created,
      width: "minmax(8rem, 1fr)",
      fromPx: 900,
      cell: ({ createdAt }) => <Moment atMs={Date.parse(createdAt)} />,
      sortBy: ({ createdAt }) => createdAt,
    },
    {
      id: "state",
      label: keyColumns.state,
      width: "8rem",
      fromPx: 480,
      cell: ({ revokedAt }) =>
        revokedAt === undefined ? (
          <Badge tone="good">{words.active}</Badge>
        ) : (
          <span title={revokedAt}>
            <Badge tone="idle">{words.revokedAt}</Badge>
          </span>
        ),
      sortBy: ({ revokedAt }) => revokedAt ?? null,
    },
    {
      id: "revoke",
      label: words.revokeSubmit,
      width: "7rem",
      cell: ({ name, revokedAt }) =>
        revokedAt === undefined && (
          <Button look="quiet" aria-label={words.revokeOf(name)} onClick={() => onRevoke(name)}>
            {words.revoke}
          </Button>
        ),
    },
  ]
}
