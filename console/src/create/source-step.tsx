import { useQuery } from "@tanstack/react-query"
import type { Ends } from "../api/types.ts"
import { Button, Link } from "../display/button.tsx"
import { ErrorNote, Note } from "../display/notes.tsx"
import { texts } from "../texts.ts"
import { checkSource } from "./calls.ts"
import { Findings } from "./findings.tsx"

const words = texts.create

interface SourceStepProps {
  ends: Ends
  source: string
  warehouse: string
  onSource(arn: string): void
  onWarehouse(arn: string): void
}

export function SourceStep({ ends, source, warehouse, onSource, onWarehouse }: SourceStepProps) {
  const joined = joinedBy(ends, source, warehouse)
  return (
    <section className="card step" aria-labelledby="from">
      <h2 id="from">{words.from}</h2>
      <div className="columns">
        <label className="field">
          {words.source}
          <select value={source} onChange={({ target }) => onSource(target.value)}>
            <option value="">{words.chooseSource}</option>
            {ends.sources.map(({ arn, engine }) => (
              <option key={arn} value={arn}>{`${arn} (${engine})`}</option>
            ))}
          </select>
        </label>
        <label className="field">
          {words.warehouse}
          <select value={warehouse} onChange={({ target }) => onWarehouse(target.value)}>
            {ends.warehouses.map(({ arn, engine }) => (
              <option key={arn} value={arn}>{`${arn} (${engine})`}</option>
            ))}
          </select>
        </label>
      </div>
      {joined !== undefined && (
        <Note
          tone="warn"
          title={words.joined(joined.name)}
          action={<Link to={{ page: "integration", id: joined.id }}>{joined.name}</Link>}
        >
          <p className="note-remedy">{words.joinedRemedy}</p>
        </Note>
      )}
      {source !== "" && <SourceCheck key={source} source={source} />}
    </section>
  )
}

/** The integration that goes this way already: there is one at most. */
export function joinedBy({ joined }: Ends, source: string, warehouse: string) {
  return joined.find((one) => one.source === source && one.warehouse === warehouse)
}

/** The source is asked each time it is chosen: what was mended meanwhile is seen. */
function SourceCheck({ source }: { source: string }) {
  const check = useQuery({
    queryKey: ["source-check", source],
    queryFn: () => checkSource(source),
    gcTime: 0,
  })
  return (
    <div className="attention">
      <div className="section-head">
        <h3>{words.check}</h3>
        <Button disabled={check.isFetching} onClick={() => void check.refetch()}>
          {check.isFetching ? words.checking : words.checkAgain}
        </Button>
      </div>
      <div className="attention" role="status">
        {check.isError && <ErrorNote error={check.error} />}
        {check.data?.length === 0 && <Note tone="good" title={words.fit} />}
        <Findings findings={check.data ?? []} />
      </div>
    </div>
  )
}
