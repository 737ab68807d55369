import type { Catalog } from "../api/types.ts"
import { texts } from "../texts.ts"
import { tableText } from "./statements.ts"

const words = texts.query

interface QuerySideProps {
  tables: Catalog["tables"]
  history: readonly string[]
  onChoose(sql: string): void
}

/** What there is to ask, and what was asked: each puts a statement into the editor. */
export function QuerySide({ tables, history, onChoose }: QuerySideProps) {
  return (
    <div className="editor">
      <section aria-labelledby="catalog">
        <h2 id="catalog">{words.tables}</h2>
        {tables.length === 0 && <p className="sub">{words.noTables}</p>}
        <ul className="side-list">
          {tables.map((table) => (
            <li key={tableText(table)}>
              <Choice
                text={tableText(table)}
                title={table.columns.map(({ name, type }) => `${name} ${type}`).join("\n")}
                onChoose={() => onChoose(`SELECT * FROM ${tableText(table)} LIMIT 100`)}
              />
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="history">
        <h2 id="history">{words.history}</h2>
        {history.length === 0 && <p className="sub">{words.emptyHistory}</p>}
        <ul className="side-list">
          {history.map((sql) => (
            <li key={sql}>
              <Choice text={sql} title={sql} onChoose={() => onChoose(sql)} />
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}

function Choice({ text, title, onChoose }: { text: string; title: string; onChoose: () => void }) {
  return (
    <button type="button" className="name-button" title={title} onClick={onChoose}>
      {text}
    </button>
  )
}
