import { useState } from "react"
import { isAdmin } from "../api/session.ts"
import type { StatusReport } from "../api/types.ts"
import { Link } from "../display/button.tsx"
import { EmptyState } from "../display/notes.tsx"
import { ConnectionBanner } from "../live/connection-banner.tsx"
import { useLive } from "../live/live-context.tsx"
import { useSession } from "../shell/session-context.tsx"
import { texts } from "../texts.ts"
import { Attention } from "./attention.tsx"
import { IntegrationGrid } from "./integration-grid.tsx"
import { Tiles } from "./tiles.tsx"

export function OverviewPage() {
  const { status } = useLive()
  const { title, loading } = texts.overview
  return (
    <div className="page">
      <h1>{title}</h1>
      <ConnectionBanner />
      {status === undefined ? <p aria-busy="true">{loading}</p> : <Overview status={status} />}
    </div>
  )
}

function Overview({ status }: { status: StatusReport }) {
  const [filter, setFilter] = useState("")
  const { overview } = texts
  if (status.integrations.length === 0)
    return (
      <>
        <Attention status={status} />
        <NoIntegrations />
      </>
    )
  return (
    <>
      <Tiles status={status} />
      <Attention status={status} />
      <section aria-labelledby="all">
        <div className="section-head">
          <h2 id="all">{overview.table}</h2>
          <input
            type="search"
            className="filter"
            aria-label={overview.filter}
            placeholder={overview.filter}
            value={filter}
            onChange={({ target }) => setFilter(target.value)}
          />
        </div>
        <IntegrationGrid integrations={status.integrations} filter={filter} />
      </section>
    </>
  )
}

function NoIntegrations() {
  const { empty, emptyDetail, emptyAction, emptyForViewers, create } = texts.overview
  const mayCreate = isAdmin(useSession())
  const detail = `${emptyDetail} ${mayCreate ? emptyAction : emptyForViewers}`
  const action = mayCreate ? <Link to={{ page: "create" }}>{create}</Link> : undefined
  return <EmptyState title={empty} detail={detail} action={action} />
}
