import { useState } from "react"
import { isAdmin } from "../api/session.ts"
import type { IntegrationReport } from "../api/types.ts"
import { isJustMade } from "../create/calls.ts"
import { Button, Link } from "../display/button.tsx"
import { CopyButton } from "../display/copyable.tsx"
import { EmptyState, Note } from "../display/notes.tsx"
import { StateBadge, toneOf } from "../display/state-badge.tsx"
import { Age } from "../display/time.tsx"
import { ConnectionBanner } from "../live/connection-banner.tsx"
import { useLive } from "../live/live-context.tsx"
import { observedMsAgo } from "../overview/figures.ts"
import { staleAfterMs } from "../overview/integration-grid.tsx"
import { useSession } from "../shell/session-context.tsx"
import { texts } from "../texts.ts"
import { PipelineCard } from "./pipeline-card.tsx"
import { RemoveDialog } from "./remove-dialog.tsx"
import { TableSection } from "./table-section.tsx"
import { Verification } from "./verification.tsx"

export default function IntegrationPage({ id }: { id: string }) {
  const { status } = useLive()
  const integration = status?.integrations.find((one) => one.id === id)
  return (
    <div className="page">
      <p className="crumb">
        <Link to={{ page: "overview" }}>{texts.integration.back}</Link>
      </p>
      {integration === undefined ? (
        <NoIntegration isKnown={status !== undefined} id={id} />
      ) : (
        <Integration integration={integration} />
      )}
    </div>
  )
}

function NoIntegration({ isKnown, id }: { isKnown: boolean; id: string }) {
  const { missing, missingDetail } = texts.integration
  if (isJustMade(id)) return <h1 aria-busy="true">{texts.create.justMade}</h1>
  if (!isKnown) return <h1 aria-busy="true">{texts.overview.loading}</h1>
  return (
    <>
      <h1>{missing}</h1>
      <EmptyState title={missing} detail={missingDetail} />
    </>
  )
}

function Integration({ integration }: { integration: IntegrationReport }) {
  const { receivedAtMs } = useLive()
  const { id, name, arn, status, errors, waiting, pipelines } = integration
  const words = texts.integration
  return (
    <>
      <div>
        <div className="title-row">
          <h1>{name}</h1>
          <StateBadge state={status} />
          <Age atMs={receivedAtMs - observedMsAgo(integration)} staleAfterMs={staleAfterMs} />
          <Remove integration={integration} />
        </div>
        <p className="sub">
          <code>{arn}</code> <CopyButton text={arn} what={words.arn} />
        </p>
      </div>
      <ConnectionBanner />
      {errors.length + waiting.length > 0 && (
        <section className="attention" aria-labelledby="errors">
          <h2 id="errors">{words.errors}</h2>
          {errors.map(({ code, message }) => (
            <Note
              key={code + message}
              tone={status === "failed" ? "bad" : toneOf("needs_attention")}
              title={message}
              code={code}
            />
          ))}
          {waiting.map((database) => (
            <Note key={database} tone="warn" title={texts.overview.waiting(database)} />
          ))}
        </section>
      )}
      <section aria-labelledby="pipelines">
        <div className="section-head">
          <h2 id="pipelines">{words.pipelines}</h2>
        </div>
        <div className="columns">
          {pipelines.map((one) => (
            <PipelineCard key={one.sourceDatabase} integrationId={id} pipeline={one} />
          ))}
        </div>
      </section>
      <TableSection integration={integration} />
      <Verification integrationId={id} />
    </>
  )
}

function Remove({ integration }: { integration: IntegrationReport }) {
  const [isOpen, setOpen] = useState(false)
  if (!isAdmin(useSession())) return null
  return (
    <>
      <Button look="danger" className="title-action" onClick={() => setOpen(true)}>
        {texts.integration.remove}
      </Button>
      {isOpen && <RemoveDialog integration={integration} onClose={() => setOpen(false)} />}
    </>
  )
}
