import { useQuery } from "@tanstack/react-query"
import { isAdmin } from "../api/session.ts"
import type { Ends, SourceEnd } from "../api/types.ts"
import { checkSource, endsOf } from "../create/calls.ts"
import { Findings } from "../create/findings.tsx"
import { Button, Link } from "../display/button.tsx"
import { CopyButton } from "../display/copyable.tsx"
import { EmptyState, ErrorNote, Note } from "../display/notes.tsx"
import { useSession } from "../shell/session-context.tsx"
import { texts } from "../texts.ts"

const words = texts.sources

/** From where to where rows can go, and which integrations use what. */
export default function SourcesPage() {
  const ends = useQuery({ queryKey: ["ends"], queryFn: endsOf, gcTime: 0 })
  return (
    <div className="page">
      <div>
        <h1>{words.title}</h1>
        <p className="sub">{words.lead}</p>
      </div>
      {ends.isPending && <p aria-busy="true">{words.loading}</p>}
      {ends.isError && <ErrorNote error={ends.error} />}
      {ends.isSuccess && <Lists ends={ends.data} />}
    </div>
  )
}

function Lists({ ends }: { ends: Ends }) {
  const mayTest = isAdmin(useSession())
  return (
    <>
      <section aria-labelledby="sources">
        <div className="section-head">
          <h2 id="sources">{words.sources}</h2>
          {!mayTest && <span className="sub">{words.testHint}</span>}
        </div>
        {ends.sources.length === 0 && <EmptyState title={words.noSources} detail={words.noSourcesDetail} />}
        <div className="columns">
          {ends.sources.map((one) => (
            <SourceCard
              key={one.arn}
              source={one}
              joined={ends.joined.filter(({ source }) => source === one.arn)}
              mayTest={mayTest}
            />
          ))}
        </div>
      </section>
      <section aria-labelledby="warehouses">
        <div className="section-head">
          <h2 id="warehouses">{words.warehouses}</h2>
        </div>
        <div className="columns">
          {ends.warehouses.map(({ arn, engine, cluster }) => (
            <div className="card step" key={arn}>
              <Head arn={arn} />
              <dl className="facts">
                <Fact label={words.engine}>{engine}</Fact>
                <Fact label={words.cluster}>{cluster}</Fact>
                <Fact label={words.integrations}>
                  <Users joined={ends.joined.filter(({ warehouse }) => warehouse === arn)} />
                </Fact>
              </dl>
            </div>
          ))}
        </div>
      </section>
    </>
  )
}

interface SourceCardProps {
  source: SourceEnd
  joined: Ends["joined"]
  mayTest: boolean
}

function SourceCard({ source: { arn, engine, selection, form }, joined, mayTest }: SourceCardProps) {
  return (
    <div className="card step">
      <Head arn={arn} />
      <dl className="facts">
        <Fact label={words.engine}>{engine}</Fact>
        <Fact label={words.filter}>
          {selection === "filter" ? (form ?? "") : selection === "whole" ? words.whole : words.files}
        </Fact>
        <Fact label={words.integrations}>
          <Users joined={joined} />
        </Fact>
      </dl>
      {mayTest && <Test arn={arn} />}
    </div>
  )
}

function Head({ arn }: { arn: string }) {
  return (
    <div>
      <p>
        <code>{arn}</code> <CopyButton text={arn} what={words.arn} />
      </p>
      <p className="sub">{words.listed}</p>
    </div>
  )
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Users({ joined }: { joined: Ends["joined"] }) {
  if (joined.length === 0) return words.noIntegrations
  return (
    <ul>
      {joined.map(({ id, name }) => (
        <li key={id}>
          <Link to={{ page: "integration", id }}>{name}</Link>
        </li>
      ))}
    </ul>
  )
}

/** The source is asked when the person wants it: it may be slow to answer. */
function Test({ arn }: { arn: string }) {
  const check = useQuery({
    queryKey: ["source-check", arn],
    queryFn: () => checkSource(arn),
    enabled: false,
    gcTime: 0,
  })
  return (
    <>
      <div>
        <Button aria-label={words.test(arn)} disabled={check.isFetching} onClick={() => void check.refetch()}>
          {check.isFetching ? words.testing : words.testShort}
        </Button>
      </div>
      <div className="attention" role="status">
        {check.isError && <ErrorNote error={check.error} />}
        {check.data?.length === 0 && <Note tone="good" title={texts.create.fit} />}
        <Findings findings={check.data ?? []} />
      </div>
    </>
  )
}
