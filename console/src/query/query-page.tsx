import { useMutation, useQuery } from "@tanstack/react-query"
import { useMemo, useRef, useState } from "react"
import type { SqlAnswer } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { CodeEditor } from "../editor/code-editor.tsx"
import { texts } from "../texts.ts"
import { QueryResult } from "./query-result.tsx"
import { QuerySide } from "./query-side.tsx"
import { sqlLanguage } from "./sql-language.ts"
import { catalogOf, keepStatement, runSql, statementsBefore } from "./statements.ts"

const words = texts.query

export default function QueryPage() {
  const [chosen, setChosen] = useState<string | null>(null)
  const [sql, setSql] = useState("")
  const [history, setHistory] = useState(statementsBefore)
  const running = useRef<AbortController>(null)
  const catalog = useQuery({ queryKey: ["catalog", chosen], queryFn: () => catalogOf(chosen) })
  const language = useMemo(() => sqlLanguage(catalog.data?.tables ?? []), [catalog.data])
  const database = chosen ?? catalog.data?.database ?? "dev"
  const asking = useMutation<SqlAnswer, Error>({
    mutationFn: () => {
      running.current = new AbortController()
      setHistory(keepStatement(sql))
      return runSql(database, sql, running.current.signal)
    },
  })
  const run = () => {
    if (sql.trim() !== "" && !asking.isPending) asking.mutate()
  }
  const isCancelled = asking.error?.name === "AbortError"
  return (
    <div className="page">
      <h1>{words.title}</h1>
      <div className="query-columns">
        <div className="editor">
          <CodeEditor
            label={words.statement}
            hint="SELECT …"
            value={sql}
            onChange={setSql}
            onRun={run}
            language={language}
          />
          <div className="editor-bar">
            <Databases names={catalog.data?.databases ?? [database]} chosen={database} onChoose={setChosen} />
            <Button look="primary" disabled={asking.isPending} onClick={run}>
              {asking.isPending ? words.running : words.run}
            </Button>
            {asking.isPending && <Button onClick={() => running.current?.abort()}>{words.cancel}</Button>}
            <span className="sub">{words.runHint}</span>
          </div>
          {isCancelled && <p role="status">{words.cancelled}</p>}
          {asking.isError && !isCancelled && <ErrorNote error={asking.error} />}
          {asking.isSuccess && <QueryResult answer={asking.data} />}
        </div>
        <QuerySide tables={catalog.data?.tables ?? []} history={history} onChoose={setSql} />
      </div>
    </div>
  )
}

interface DatabasesProps {
  names: readonly string[]
  chosen: string
  onChoose(name: string): void
}

function Databases({ names, chosen, onChoose }: DatabasesProps) {
  return (
    <select
      className="select"
      aria-label={words.database}
      value={chosen}
      onChange={({ target }) => onChoose(target.value)}
    >
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  )
}
