import type { IntegrationReport, StatusReport } from "../api/types.ts"
import { Link } from "../display/button.tsx"
import { Note } from "../display/notes.tsx"
import { toneOf } from "../display/state-badge.tsx"
import { texts } from "../texts.ts"

/** Everything that needs a person, of all integrations and of the warehouse itself, in one place. */
export function Attention({ status }: { status: StatusReport }) {
  const { engine, unopenedDatabases, unobservedWarehouses, integrations } = status
  const { overview } = texts
  const count =
    unopenedDatabases.length +
    unobservedWarehouses.length +
    hindrances(integrations).length +
    (engineIsDown(status) ? 1 : 0)
  if (count === 0) return null
  return (
    <section aria-labelledby="attention" className="attention">
      <h2 id="attention">{overview.attentionCount(count)}</h2>
      {engine !== null && !engine.isUp && (
        <Note tone="bad" title={overview.engineDown}>
          <p>{engine.lastEnd?.reason}</p>
          <p className="note-remedy">{overview.engineDownDetail}</p>
        </Note>
      )}
      {unopenedDatabases.map(({ name, reason, remedy }) => (
        <Note key={name} tone="bad" title={overview.unopened(name)}>
          <p>{reason}</p>
          <p className="note-remedy">{remedy}</p>
        </Note>
      ))}
      {unobservedWarehouses.map((arn) => (
        <Note key={arn} tone="warn" title={overview.unobserved}>
          <p>{arn}</p>
        </Note>
      ))}
      {hindrances(integrations).map((one) => (
        <Hindered key={`${one.integration.id} ${one.title} ${one.message}`} {...one} />
      ))}
    </section>
  )
}

function engineIsDown({ engine }: StatusReport): boolean {
  return engine !== null && !engine.isUp
}

interface Hindrance {
  integration: IntegrationReport
  title: string
  code: string | undefined
  message: string
}

function hindrances(integrations: readonly IntegrationReport[]): Hindrance[] {
  return integrations.flatMap((integration) => [
    ...integration.errors.map(({ code, message }) => ({
      integration,
      title: integration.name,
      code,
      message,
    })),
    ...integration.waiting.map((database) => ({
      integration,
      title: integration.name,
      code: undefined,
      message: texts.overview.waiting(database),
    })),
  ])
}

function Hindered({ integration, title, code, message }: Hindrance) {
  const open = (
    <Link
      className="button button-plain"
      to={{ page: "integration", id: integration.id }}
      aria-label={texts.overview.open(integration.name)}
    >
      {texts.overview.openShort}
    </Link>
  )
  const tone =
    code === undefined ? "warn" : toneOf(integration.status === "failed" ? "failed" : "needs_attention")
  return (
    <Note tone={tone} title={title} code={code} action={open}>
      <p>{message}</p>
    </Note>
  )
}
