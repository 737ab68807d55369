import { useMutation } from "@tanstack/react-query"
import { mayOperate } from "../api/session.ts"
import { Button } from "../display/button.tsx"
import { Copyable } from "../display/copyable.tsx"
import { Dialog } from "../display/dialog.tsx"
import { countText, durationText } from "../display/formats.ts"
import { ErrorNote, Note } from "../display/notes.tsx"
import { StateBadge } from "../display/state-badge.tsx"
import { useSession } from "../shell/session-context.tsx"
import { texts } from "../texts.ts"
import { resync } from "./orders.ts"
import { remedyStatement } from "./remedy.ts"
import { Verified } from "./table-columns.tsx"
import type { TableRow } from "./table-rows.ts"

const words = texts.integration

interface TableDetailsProps {
  integrationId: string
  row: TableRow
  onClose: () => void
}

/** What a table is like, why it does not go on, and the statement that mends it. */
export function TableDetails({ integrationId, row: { label, database, table }, onClose }: TableDetailsProps) {
  const { columns } = words
  return (
    <Dialog title={label} onClose={onClose} place="side">
      <p>
        <StateBadge state={table.state} />
      </p>
      {table.reason !== null && (
        <Reason integrationId={integrationId} label={label} reason={table.reason} table={table} />
      )}
      <dl className="facts">
        {(
          [
            [columns.database, database],
            [columns.rows, countText(table.rows)],
            [columns.changes, countText(table.changes)],
            [columns.lag, durationText(table.lagMs)],
            [columns.verified, <Verified key="verified" table={table} />],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

interface ReasonProps {
  integrationId: string
  label: string
  reason: string
  table: { schema: string; name: string }
}

function Reason({ integrationId, label, reason, table }: ReasonProps) {
  const statement = remedyStatement(reason, table)
  const mayAct = mayOperate(useSession())
  const checking = useMutation({ mutationFn: () => resync(integrationId, label) })
  return (
    <>
      <h3>{words.reason}</h3>
      <p>{reason}</p>
      {statement !== null && (
        <>
          <h3>{words.remedy}</h3>
          <Copyable text={statement} what={words.remedy} />
        </>
      )}
      {mayAct && (
        <p>
          <Button disabled={checking.isPending} onClick={() => checking.mutate()}>
            {checking.isPending ? words.working : words.checkAgain}
          </Button>
        </p>
      )}
      {checking.isError && <ErrorNote error={checking.error} />}
      {checking.isSuccess && <Note tone="good" title={words.checkResult} />}
    </>
  )
}
