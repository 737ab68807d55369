import { useInfiniteQuery } from "@tanstack/react-query"
import { useMemo, useState } from "react"
import { call } from "../api/client.ts"
import { isAdmin } from "../api/session.ts"
import type { AuditEntry } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { countText } from "../display/formats.ts"
import { Grid } from "../display/grid.tsx"
import { EmptyState, ErrorNote, Note } from "../display/notes.tsx"
import { useSession } from "../shell/session-context.tsx"
import { auditTexts as words } from "../texts/administration.ts"
import { texts } from "../texts.ts"
import { auditColumns, callOf } from "./audit-columns.tsx"
import { AuditFilter, type AuditQuestion } from "./audit-filter.tsx"
import { EntryDetails } from "./entry-details.tsx"

const pageSize = 200
/** What a page holds; a narrower filter shows older ones. */
const pagesAtMost = 25

export default function AuditPage() {
  const session = useSession()
  return (
    <div className="page">
      <h1>{words.title}</h1>
      <p className="sub">{words.lead}</p>
      {isAdmin(session) ? (
        <Audit />
      ) : (
        <Note tone="idle" title={words.forAdmins}>
          <p>{words.forAdminsDetail(session.role)}</p>
        </Note>
      )}
    </div>
  )
}

interface AuditAnswer {
  entries: AuditEntry[]
  more: boolean
}

function Audit() {
  const [question, setQuestion] = useState<AuditQuestion>({})
  const [openId, setOpenId] = useState<number | null>(null)
  const trail = useInfiniteQuery({
    queryKey: ["audit", question],
    queryFn: ({ pageParam, signal }) =>
      call<AuditAnswer>("audit", {
        method: "POST",
        body: { ...question, limit: pageSize, ...(pageParam !== null && { before: pageParam }) },
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ entries, more }) => (more ? (entries[0]?.id ?? null) : null),
  })
  const entries = useMemo(
    () => trail.data?.pages.flatMap((page) => page.entries.toReversed()) ?? [],
    [trail.data],
  )
  const columns = useMemo(() => auditColumns(setOpenId), [])
  const open = entries.find(({ id }) => id === openId)
  const isFull = (trail.data?.pages.length ?? 0) >= pagesAtMost
  return (
    <>
      <AuditFilter onQuestion={setQuestion} />
      {trail.isError && (
        <ErrorNote
          error={trail.error}
          action={<Button onClick={() => void trail.refetch()}>{texts.errors.tryAgain}</Button>}
        />
      )}
      {trail.isPending && <p aria-busy="true">{texts.loading}</p>}
      {trail.isSuccess && entries.length === 0 && <EmptyState title={words.none} detail={words.noneDetail} />}
      {entries.length > 0 && (
        <section aria-labelledby="entries">
          <div className="section-head">
            <h2 id="entries">{words.entries}</h2>
            <span className="sub" role="status">
              {words.shown(countText(entries.length), trail.hasNextPage)}
            </span>
          </div>
          <Grid
            label={words.entries}
            rows={entries}
            columns={columns}
            keyOf={({ id }) => String(id)}
            nameOf={callOf}
          />
        </section>
      )}
      {trail.hasNextPage && isFull && <p className="sub">{words.most(countText(entries.length))}</p>}
      {trail.hasNextPage && !isFull && (
        <p>
          <Button disabled={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>
            {words.older}
          </Button>
        </p>
      )}
      {open !== undefined && <EntryDetails entry={open} onClose={() => setOpenId(null)} />}
    </>
  )
}
